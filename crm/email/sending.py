"""Sending what is due: claim a batch, hand over one message after another, write down each end.

For each message there is one transaction, just before it is written out: it notes that, and holds the result of the message before.
So the ledger never says less than the carrier knows, and no transaction is open while the network is waited for. The built-in outbox
keeps messages in the ledger itself and cannot lose any, so there a batch is one transaction.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from flask import current_app

from crm.database import commit, db, rollback
from crm.delivery import ledger
from crm.email import addresses, results
from crm.email.claiming import Outgoing, claim_batch, messages
from crm.email.mime import Sender, mime_bytes
from crm.email.rendering import rendered
from crm.email.results import Outcome, Unsendable
from crm.email.turns import Turns
from crm.lib import clock
from crm.lib.merge_tags import MergeError
from crm.lib.smtp_url import Server
from crm.providers.mail import Envelope, MailProvider, NotSent, Result
from crm.providers.outbox import Outbox
from crm.providers.smtp import Smtp, Timeouts
from crm.settings.queries import school_name

BATCH = 50
_MARGIN = 15.0  # seconds beyond the carrier's own limit before a message that is being sent counts as lost


@dataclass
class Delivery:
    """One run of sending, by one thread, over one connection."""

    provider: MailProvider
    sender: Sender
    longest: float = _MARGIN
    """Seconds a message may take from being written out to its answer."""
    now: Callable[[], datetime] = clock.now
    is_down: bool = False
    """The carrier cannot be used: it is no use to go on."""
    turns: Turns = field(default_factory=Turns)
    _unwritten: list[Outcome] = field(default_factory=list)

    def run(self, seconds: float) -> None:
        """Send what is due for about so many seconds, then write down the last result and let go."""
        end = time.monotonic() + seconds
        try:
            while not self.is_down and time.monotonic() < end and self.send_batch(end):
                pass
        finally:
            self.provider.close()
            self._rescue()

    def send_batch(self, end: float = float("inf")) -> int:
        """Send one batch until `end` (of time.monotonic); how many messages were taken."""
        batch = claim_batch(self.now(), BATCH, self.turns)
        commit()
        sent = 0
        for outgoing in batch:
            if self.is_down or time.monotonic() > end:
                break
            self._send(outgoing)
            sent += 1
        self._finish(batch[sent:])
        return len(batch)

    def _send(self, outgoing: Outgoing) -> None:
        result = self._hand_over(outgoing)
        self.is_down = isinstance(result, NotSent) and result.is_down
        self._unwritten.append(Outcome(outgoing, result, self.now(), self.provider.name))

    def _hand_over(self, outgoing: Outgoing) -> Result | Unsendable:
        outgoing.message_id = f"<{outgoing.id}.{outgoing.fence}.{secrets.token_hex(8)}@{self.sender.host}>"
        try:
            data = self._written(outgoing)
        except MergeError as error:
            return Unsendable(str(error))
        envelope = Envelope(self.sender.address, outgoing.to_address, data)
        return self.provider.send(envelope, lambda: self._before_dot(outgoing))

    def _written(self, outgoing: Outgoing) -> bytes:
        row = outgoing.row
        leave = addresses.unsubscribe_url(row.contact_id, row.id)
        email = rendered(
            outgoing.content,
            outgoing.values,
            link=addresses.click_url(row.id),
            unsubscribe_url=leave,
            open_url=addresses.open_url(row.id),
            account_url=outgoing.account_url or "#",
        )
        outgoing.subject = email.subject
        return mime_bytes(
            self.sender,
            outgoing.to_name,
            outgoing.to_address,
            email,
            message_id=outgoing.message_id,
            date=self.now(),
            unsubscribe_url=leave if row.is_marketing else "",
        )

    def _before_dot(self, outgoing: Outgoing) -> bool:
        """In one transaction: the results so far, and that this message is about to be written out."""
        try:
            self._write_results()
            goes_ahead = results.mark_sending(outgoing, self.now(), self.longest)
            if self.provider.can_lose:
                db.session.commit()  # what is to follow a commit follows the batch, not every message
        except BaseException:
            rollback()
            raise
        self._unwritten.clear()
        return goes_ahead

    def _finish(self, unsent: list[Outgoing]) -> None:
        self._write_results()
        ledger.release(messages, [(each.id, each.fence) for each in unsent])
        commit()
        self._unwritten.clear()

    def _rescue(self) -> None:
        """After an error: write down what is known, or else it will count as unknown."""
        if self._unwritten:
            rollback()
            self._finish([])

    def _write_results(self) -> None:
        for outcome in self._unwritten:
            results.record(outcome)


def new_delivery() -> Delivery:
    """A run over the configured carrier. Raises ValueError when MAIL_FROM is no address."""
    sender = Sender.of(current_app.config["MAIL_FROM"], school_name())
    url = current_app.config["SMTP_URL"]
    if not url:
        return Delivery(Outbox(), sender)
    server = Server.of_url(url)
    provider = Smtp(server, Timeouts(dot=server.timeout))
    return Delivery(provider, sender, longest=server.timeout + _MARGIN)
