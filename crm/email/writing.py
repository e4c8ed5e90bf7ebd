"""Writing a message out: everything that is put in, and the bytes that go on their way."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from crm.database import db
from crm.delivery import dkim
from crm.delivery.senders import sender_for
from crm.email import addresses, headers
from crm.email.addresses import CLICK, OPEN, UNSUBSCRIBE
from crm.email.claiming import Outgoing
from crm.email.filling import sheet_of
from crm.email.mime import Draft, Sender, drafted
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

    def written(self, outgoing: Outgoing, now: datetime) -> Written:
        """The message written out; its subject and Message-ID stand in `outgoing` from then on. Raises MergeError."""
        row = outgoing.row
        sender = self._senders.get((row.lane_id, row.sender_id), self.usual)
        outgoing.message_id = f"<{row.id}.{row.fence}.{secrets.token_hex(8)}@{sender.host}>"
        sign = self.tokens.sign
        leave = sign(UNSUBSCRIBE, row.contact_id or 0, row.id)
        email = sheet_of(outgoing.content, *self.prefixes).filled(outgoing.values, self._tokens(outgoing, leave))
        outgoing.subject = email.subject
        draft = drafted(
            sender,
            headers.mailbox(outgoing.to_name, outgoing.to_address),
            email,
            message_id=outgoing.message_id,
            date=now,
            unsubscribe_url=self.prefixes[1] + leave if row.is_marketing else "",
            named=self._named.replace(HERE, sign(REPORT, row.id)),
        )
        return Written(outgoing, sender.address, draft)

    def _tokens(self, outgoing: Outgoing, leave: str) -> Mapping[str, str]:
        """What follows the prefix of each address in the message."""
        sign, number = self.tokens.sign, outgoing.row.id
        clicks = self.tokens.sign_each(CLICK, number, len(outgoing.content.links))
        tokens = dict(zip(_link_names(len(clicks)), clicks, strict=True))
        for name, path in LEAVING.items():
            tokens[name] = leave + path
        tokens["open_url"] = sign(OPEN, number)
        tokens["account_url"] = outgoing.account_url or "#"
        return tokens


@dataclass(slots=True)
class Written:
    """A message in our hands that is written out."""

    outgoing: Outgoing
    sender: str
    draft: Draft

    @property
    def envelope(self) -> Envelope:
        """It, ready to be handed over; waits for its signatures."""
        return Envelope(self.sender, self.outgoing.to_address, self.draft.data, has_dots=False)


@lru_cache(maxsize=64)
def _link_names(count: int) -> tuple[str, ...]:
    return tuple(f"link_{at}" for at in range(count))


def _sender(sender_id: int | None) -> Sender:
    chosen = sender_for(sender_id)
    address = headers.deliverable(chosen.address)
    host = address.rpartition("@")[2]
    return Sender(
        headers.one_line(chosen.name), address, f"<contacts.{host}>", chosen.reply_to, dkim.signing_keys(host)
    )
