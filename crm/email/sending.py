"""Sending what is due: claim, hand over several at once, write down each end.

One thread drives all connections. Each turn is one transaction: it marks the messages that are about to be written out, and holds the results
that came in since the turn before, of all connections together. So the ledger never says less than the carrier knows, and no
transaction is open while the network is waited for. A slow server has each message marked when it is ready for it; a fast one has a quarter
of a second's messages marked together, which is what a killed worker leaves unknown. The built-in outbox keeps messages in the ledger itself and cannot lose any, so
there a message is noted and settled in one transaction.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from flask import current_app

from crm.database import commit, db, reading, rollback
from crm.delivery import ledger
from crm.delivery.signing import Signers
from crm.email import limits, results, stopping
from crm.email.claiming import Outgoing, claim_batch, messages
from crm.email.domains import domain_of
from crm.email.results import Outcome, Unsendable
from crm.email.turns import Turns, next_turn
from crm.email.writing import Writer, Written
from crm.lib import clock
from crm.lib.merge_tags import MergeError
from crm.lib.smtp_url import Server
from crm.providers.mail import MailProvider, NotSent, Parcel, Refused
from crm.providers.outbox import Outbox
from crm.providers.smtp import Smtp, Timeouts

FIRST_BATCH, LARGEST_BATCH = 20, 400
AHEAD, MOST_AHEAD = 0.25, 64
"""While many messages a second go out, those of the next so many seconds are marked in one transaction, at most so many.

Each transaction waits for the disk once. With 16 at a time that wait was nine tenths of the time on a busy disk.
"""
GRACE = 1.0
"""Seconds a run waits beyond its time for what is under way; what takes longer is waited for in the next run."""
MISSES = 5
"""After so many messages in a row that could not be handed over the carrier counts as down."""
_MARGIN = 15.0  # seconds beyond the carrier's own limit before a message that is being sent counts as lost
_PAUSE = 0.1  # seconds between looks for more while nothing is due


@dataclass
class Delivery:
    """Sending over one carrier by one thread at a time. A run may leave messages with the carrier whose end the next run awaits."""

    provider: MailProvider
    writer: Writer
    longest: float = _MARGIN
    """Seconds a message may take from being written out to its answer."""
    now: Callable[[], datetime] = clock.now
    turns: Turns = field(default_factory=Turns)
    is_down: bool = False
    """The carrier cannot be used: it is no use to go on."""
    signers: Signers = field(default_factory=Signers)
    _batch: deque[Outgoing] = field(default_factory=deque)
    _written: deque[Written] = field(default_factory=deque)
    _marked: deque[Written] = field(default_factory=deque)
    _ahead: int = 0
    _ended: int = 0
    _measured_at: float = field(default_factory=time.monotonic)
    _size: int = FIRST_BATCH
    _claimed_at: float = field(default_factory=time.monotonic)
    _asks_at: float = 0.0
    _misses: int = 0
    _unwritten: list[Outcome] = field(default_factory=list)

    def run(self, seconds: float) -> None:
        """Send what is due for about so many seconds; what was taken and not begun is given back."""
        commit()
        end, self._asks_at = time.monotonic() + seconds, 0.0
        try:
            while self._goes_on(end):
                pass
            self._give_back()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the carrier, and write down what is known; or else it will count as unknown."""
        rollback()
        self.signers.close()
        self._note(self.provider.close())
        self._give_back()

    def _goes_on(self, end: float) -> bool:
        """One turn; whether there is to be another."""
        is_over = self.is_down or time.monotonic() >= end
        if not is_over:
            self._feed()
        if self.provider.held or self._unwritten:
            self._turn(0.05 if is_over or self._has_more else _PAUSE)
            return time.monotonic() < end + GRACE
        return not is_over and self._waits_for_more(end)

    def _feed(self) -> None:
        """As many messages to the carrier as it can use."""
        while (wanted := self.provider.wants) > 0 and not self.is_down:
            if self._ahead < 2 and not self._marked:
                if not self._hand(wanted):
                    return
            elif self._marked or self._mark_ahead():
                written = self._marked.popleft()
                self.provider.take(written.envelope, written.outgoing, goes_on=True)
                if self.signers.processes:  # the next ones are signed meanwhile
                    self._write(min(len(self._written) + 1, self._ahead))
            else:
                return

    def _hand(self, wanted: int) -> bool:
        """So many messages, each to be marked once the carrier is ready for it; whether there were as many."""
        for _ in range(wanted):
            if not self._write(1):
                return False
            written = self._written.popleft()
            self.provider.take(written.envelope, written.outgoing)
        return True

    def _mark_ahead(self) -> bool:
        """Mark the next few messages, with the results so far, in one transaction; whether there are any."""
        self._write(self._ahead)
        chosen = [self._written.popleft() for _ in range(min(self._ahead, len(self._written)))]
        if chosen:
            mine = self._written_down([each.outgoing for each in chosen])
            db.session.commit()
            self._unwritten.clear()
            self._marked.extend(each for each in chosen if each.outgoing.message_id in mine)
        return bool(self._marked)

    def _write(self, count: int) -> bool:
        """Have so many messages written out, if there are as many; whether there is any. Of many, signatures are made meanwhile."""
        while len(self._written) < count and (outgoing := self._next()) is not None:
            try:
                written = self.writer.written(outgoing, self.now())
            except MergeError as error:
                self._unwritten.append(Outcome(outgoing, Unsendable(str(error)), self.now(), self.provider.name))
                continue
            if self._ahead > 1:
                self.signers.begin(written.draft.signatures)
            self._written.append(written)
        return bool(self._written)

    def _next(self) -> Outgoing | None:
        if not self._batch:
            self._claim()
        return self._batch.popleft() if self._batch else None

    def _claim(self) -> None:
        """Claim about as much as two seconds' work: what is claimed and not begun waits for its lease when the worker dies."""
        now = time.monotonic()
        if now < self._asks_at:
            return
        took, self._claimed_at = now - self._claimed_at, now
        self._size = (
            min(self._size * 2, LARGEST_BATCH) if took < 1 else max(self._size // 2, 2) if took > 4 else self._size
        )
        taken, batch = claim_batch(self.now(), self._size, self.turns)
        self.writer.learn((each.row.lane_id, each.row.sender_id) for each in batch)
        commit()
        self._batch.extend(batch)
        if not taken:
            self._asks_at, self._size = now + _PAUSE, FIRST_BATCH

    def _turn(self, seconds: float) -> None:
        ready, ended = self.provider.turn(seconds)
        self._note(ended)
        if not (ready or self._is_time_to_write()):
            return
        if self.provider.can_lose:
            self._go_on_with(ready, self._settled(ready))
        else:
            self._keep(ready)

    def _is_time_to_write(self) -> bool:
        """Results wait for the next messages to be marked, if that is soon."""
        is_soon = self._ahead > 1 and self._has_more and len(self._unwritten) < 2 * self._ahead
        return bool(self._unwritten) and not is_soon

    def _note(self, ended: Sequence[Parcel]) -> None:
        """What became of these; not yet written down."""
        at = self.now()
        self._measure(len(ended))
        for parcel in ended:
            result = parcel.result
            assert result is not None
            if isinstance(result, NotSent) and result.is_ours:
                continue
            self._misses = self._misses + 1 if isinstance(result, NotSent) else 0
            self.is_down |= self._misses >= MISSES or (isinstance(result, NotSent) and result.is_down)
            self._unwritten.append(Outcome(parcel.tag, result, at, self.provider.name))
            if isinstance(result, NotSent) or (isinstance(result, Refused) and not result.permanent):
                self._ahead, self._measured_at = 0, time.monotonic()  # one at a time: a domain is left alone soon

    def _measure(self, ended: int) -> None:
        """From the pace of the last tenth of a second, or at first of less, how many to mark at once: at most those of a quarter of a second."""
        self._ended += ended
        passed = time.monotonic() - self._measured_at
        if passed >= (0.1 if self._ahead else 0.02):
            self._ahead = min(int(self._ended / passed * AHEAD), MOST_AHEAD) if self.provider.can_lose else 0
            self._ended, self._measured_at = 0, self._measured_at + passed

    def _settled(self, ready: Sequence[Parcel]) -> set[str]:
        """In one transaction: the results so far, and that these messages are about to be written out; the Message-IDs to go on with."""
        try:
            mine = self._written_down([each.tag for each in ready])
            db.session.commit()  # what is to follow a commit follows the run, not every turn
        except BaseException:
            for parcel in ready:
                self.provider.drop(parcel)
            raise
        self._unwritten.clear()
        return mine

    def _written_down(self, next_ones: Sequence[Outgoing]) -> set[str]:
        self._set_aside(results.record(self._unwritten))
        stopped = stopping.stopped({each.row.lane_id for each in next_ones}) if next_ones else ()
        if stopped:
            self._put_back([each for each in (*next_ones, *self._taken()) if each.row.lane_id in stopped])
        next_ones = [each for each in next_ones if each.row.lane_id not in stopped]
        return results.mark_sending(next_ones, self.now(), self.longest) if next_ones else set()

    def _set_aside(self, closed: Mapping[str, datetime]) -> None:
        """Give back what was taken for domains that are left alone now."""
        for domain, until in closed.items():
            self._put_back([each for each in self._taken() if domain_of(each.to_address) == domain], until)

    def _put_back(self, some: Sequence[Outgoing], until: datetime | None = None) -> None:
        gone = {(each.id, each.fence): each.taken_at for each in some}
        self._batch = deque(each for each in self._batch if (each.id, each.fence) not in gone)
        for queue in (self._written, self._marked):
            left = [each for each in queue if (each.outgoing.id, each.outgoing.fence) not in gone]
            queue.clear()
            queue.extend(left)
        ledger.release(messages, list(gone), until)
        limits.uncount(gone.values())

    def _taken(self) -> list[Outgoing]:
        """What is in our hands and not yet in the carrier's."""
        return [*self._batch, *(each.outgoing for each in (*self._written, *self._marked))]

    @property
    def _has_more(self) -> bool:
        return bool(self._batch or self._written or self._marked)

    def _go_on_with(self, ready: Sequence[Parcel], mine: set[str]) -> None:
        for parcel in ready:
            (self.provider.write if parcel.tag.message_id in mine else self.provider.drop)(parcel)

    def _keep(self, ready: Sequence[Parcel]) -> None:
        """For a carrier that cannot lose anything: noted and settled in one transaction."""
        mine = self._written_down([each.tag for each in ready])
        self._unwritten.clear()
        self._go_on_with(ready, mine)
        self._note(self.provider.turn(0)[1])
        results.record(self._unwritten)
        db.session.commit()
        self._unwritten.clear()

    def _waits_for_more(self, end: float) -> bool:
        """Wait for the moment at which more may go, if it comes within this run."""
        if self._has_more:
            return True
        now = self.now()
        with reading():
            soonest = next_turn(now)
        wait = max(0.0, (soonest - now).total_seconds()) if soonest else None
        if wait is None or time.monotonic() + wait > end:
            return False
        time.sleep(min(max(wait, self._asks_at - time.monotonic(), 0.0), 1.0))
        return True

    def _give_back(self) -> None:
        self._set_aside(results.record(self._unwritten))
        unsent = [*self._taken(), *(each.tag for each in self.provider.take_back())]
        for queue in (self._batch, self._written, self._marked):
            queue.clear()
        ledger.release(messages, [(each.id, each.fence) for each in unsent])
        limits.uncount(each.taken_at for each in unsent)
        commit()
        self._unwritten.clear()


def new_delivery() -> Delivery:
    """Sending over the configured carrier. Raises ValueError when the sender has no address."""
    writer = Writer()
    url = current_app.config["SMTP_URL"]
    if not url:
        return Delivery(Outbox(), writer)
    server = Server.of_url(url)
    provider = Smtp(server, Timeouts(dot=server.timeout), width=current_app.config["SMTP_CONNECTIONS"])
    return Delivery(provider, writer, longest=server.timeout + _MARGIN)
