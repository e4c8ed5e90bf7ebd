"""What is scheduled for a contact: the declaration by which features above say it, for the top of the timeline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from crm.lib import clock


@dataclass(frozen=True)
class Act:
    """A button that holds, moves or cancels what is scheduled: it posts to `url`, after asking `asks` if that is said."""

    label: str
    url: str
    asks: str = ""
    icon: str = "x"


@dataclass(frozen=True)
class Upcoming:
    """Something that will happen to a contact at that moment."""

    at: datetime
    icon: str
    title: str
    url: str | None = None
    note: str = ""
    acts: tuple[Act, ...] = ()

    @property
    def is_due(self) -> bool:
        """Whether its moment has come and something holds it: a pause, the day's limit, a worker that is busy."""
        return self.at <= clock.now()
