"""Writing a message out: everything that is put in, and the bytes that go on their way."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime

from crm.database import db
from crm.delivery.senders import sender_for
from crm.email import addresses, headers
from crm.email.addresses import CLICK, OPEN, UNSUBSCRIBE
from crm.email.claiming import Outgoing
from crm.email.filling import sheet_of
from crm.email.mime import Sender, assembled
from crm.email.models import EmailLane
from crm.providers.mail import Envelope


class Writer:
    """Writes messages of one school. Who mail is from is looked up once per lane and writer. Raises ValueError without an address."""

    def __init__(self, sender: Sender | None = None):
        self.usual = sender or _sender(None)
        self.prefixes, self.tokens = addresses.prefixes(), addresses.tokens()
        self._senders: dict[int, Sender] = {0: self.usual}

    def learn(self, lane_ids: Iterable[int]) -> None:
        """Look up who the mail of these lanes is from, in the open transaction."""
        for lane_id in set(lane_ids) - self._senders.keys():
            lane = db.session.get(EmailLane, lane_id)
            self._senders[lane_id] = _sender(lane.sender_id) if lane and lane.sender_id else self.usual

    def envelope(self, outgoing: Outgoing, now: datetime) -> Envelope:
        """The message ready to be handed over; its subject and Message-ID stand in `outgoing` from then on. Raises MergeError."""
        row, sender = outgoing.row, self._senders.get(outgoing.row.lane_id, self.usual)
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
        )
        return Envelope(sender.address, outgoing.to_address, data, has_dots=False)

    def _tokens(self, outgoing: Outgoing, leave: str) -> Mapping[str, str]:
        """What follows the prefix of each address in the message."""
        sign, number = self.tokens.sign, outgoing.row.id
        tokens = {f"link_{at}": sign(CLICK, number, at) for at in range(len(outgoing.content.links))}
        tokens["open_url"], tokens["unsubscribe_url"] = sign(OPEN, number), leave
        tokens["preferences_url"], tokens["confirm_url"] = f"{leave}/preferences", f"{leave}/confirmation"
        tokens["account_url"] = outgoing.account_url or "#"
        return tokens


def _sender(sender_id: int | None) -> Sender:
    chosen = sender_for(sender_id)
    address = headers.deliverable(chosen.address)
    host = address.rpartition("@")[2]
    return Sender(headers.one_line(chosen.name), address, f"<contacts.{host}>", chosen.reply_to)
