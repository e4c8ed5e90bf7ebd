"""How far a broadcast has come: the sums, which always add up to those written down, and when it will be through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from crm.broadcasts.models import Broadcast
from crm.broadcasts.operations import OPEN, counts

ENDED = ("sent", "delivered", "failed", "unknown", "skipped", "cancelled")


@dataclass(frozen=True)
class Progress:
    """The counts of its messages by state, as of one moment."""

    frozen: int
    counts: Mapping[str, int]
    remaining: timedelta | None = None

    @property
    def sent(self) -> int:
        """Those the mail server took."""
        return self.counts.get("sent", 0) + self.counts.get("delivered", 0)

    @property
    def open(self) -> int:
        """Those whose end is yet to come."""
        return sum(self.counts.get(each, 0) for each in OPEN)

    @property
    def ended(self) -> int:
        return sum(self.counts.get(each, 0) for each in ENDED)

    @property
    def deleted(self) -> int:
        """Those whose contact was deleted since."""
        return max(0, self.frozen - self.open - self.ended)

    def of(self, status: str) -> int:
        return self.counts.get(status, 0)


def progress_of(broadcast: Broadcast, now: datetime) -> Progress:
    """The sums, and how long it will take at the speed so far, or at the speed it is held to."""
    found = counts(broadcast)
    so_far = Progress(broadcast.frozen, found)
    return Progress(broadcast.frozen, found, _remaining(broadcast, so_far, now))


def _remaining(broadcast: Broadcast, so_far: Progress, now: datetime) -> timedelta | None:
    if broadcast.status != "sending" or not so_far.open or not broadcast.sending_since:
        return None
    by_limit = so_far.open * 60 / broadcast.per_minute if broadcast.per_minute else None
    if broadcast.is_test_open:  # while it is tried nothing says how fast the rest will go, but its own limit
        rest = timedelta(seconds=by_limit or 0)
        return max(broadcast.test_ends_at - now, timedelta()) + rest if broadcast.test_ends_at else None
    spent = (now - broadcast.sending_since).total_seconds()
    by_speed = so_far.open * spent / so_far.ended if so_far.ended and spent > 5 else None
    known = [each for each in (by_speed, by_limit) if each is not None]
    return timedelta(seconds=max(known)) if known else None


def in_words(span: timedelta | None) -> str:
    """About how long, for people."""
    if span is None:
        return ""
    minutes = span.total_seconds() / 60
    if minutes < 0.75:
        return "less than a minute"
    if minutes < 1.5:
        return "about a minute"
    if minutes < 90:
        return f"about {minutes:.0f} minutes"
    hours = minutes / 60
    return f"about {hours:.0f} hours" if hours < 36 else f"about {hours / 24:.0f} days"
