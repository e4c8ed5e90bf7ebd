"""Writing a message out: everything that is put in, and the bytes that go on their way."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime

from crm.database import db
from crm.delivery import dkim
from crm.delivery.senders import sender_for
from crm.email import addresses, headers
from crm.email.addresses import CLICK, OPEN, UNSUBSCRIBE
from crm.email.claiming import Outgoing
from crm.email.filling import sheet_of
from crm.email.mime import Sender, assembled
from crm.email.models import EmailLane
from crm.email.rendering import LEAVING
from crm.email.reporting import HERE, REPORT, report_lines
from crm.providers.mail import Envelope


class Writer:
    """Writes messages of one school. Who mail is from is looked up once per lane, sender and writer. Raises ValueError without an address."""

    def __init__(self, sender: Sender | None = None):
        self.usual = sender or _sender(None)
        self.prefixes, self.tokens = addresses.prefixes(), addresses.tokens()
        self._named = report_lines()
        self._senders: dict[tuple[int, int | None], Sender] = {(0, None): self.usual}

    def learn(self, chosen: Iterable[tuple[int, int | None]]) -> None:
        """Look up who mail of these lanes, with these senders of its own, is from; in the open transaction."""
        for lane_id, sender_id in set(chosen) - self._senders.keys():
            lane = db.session.get(EmailLane, lane_id) if sender_id is None else None
            number = sender_id or (lane.sender_id if lane else None)
            self._senders[lane_id, sender_id] = _sender(number) if number else self.usual

    def envelope(self, outgoing: Outgoing, now: datetime) -> Envelope:
        """The message ready to be handed over; its subject and Message-ID stand in `outgoing` from then on. Raises MergeError."""
        row = outgoing.row
        sender = self._senders.get((row.lane_id, row.sender_id), self.usual)
        outgoing.message_id = f"<{row.id}.{row.fence}.{secrets.token_hex(8)}@{sender.host}>"
        leave = self.tokens.sign(UNSUBSCRIBE, row.contact_id or 0, row.id)
        email = sheet_of(outgoing.content, *self.prefixes).filled(outgoing.values, self._tokens(outgoing, leave))
        outgoing.subject = email.subject
        data = assembled(
            sender,
            headers.mailbox(outgoing.to_name, outgoing.to_address),
            email,
            message_id=outgoing.message_id,
            date=now,
            unsubscribe_url=self.prefixes[1] + leave if row.is_marketing else "",
            named=self._named.replace(HERE, self.tokens.sign(REPORT, row.id)),
        )
        return Envelope(sender.address, outgoing.to_address, data, has_dots=False)

    def _tokens(self, outgoing: Outgoing, leave: str) -> Mapping[str, str]:
        """What follows the prefix of each address in the message."""
        sign, number = self.tokens.sign, outgoing.row.id
        clicks = self.tokens.sign_each(CLICK, number, len(outgoing.content.links))
        tokens = {f"link_{at}": token for at, token in enumerate(clicks)}
        tokens |= {name: leave + path for name, path in LEAVING.items()}
        tokens["open_url"] = sign(OPEN, number)
        tokens["account_url"] = outgoing.account_url or "#"
        return tokens


def _sender(sender_id: int | None) -> Sender:
    chosen = sender_for(sender_id)
    address = headers.deliverable(chosen.address)
    host = address.rpartition("@")[2]
    return Sender(
        headers.one_line(chosen.name), address, f"<contacts.{host}>", chosen.reply_to, dkim.signing_keys(host)
    )
