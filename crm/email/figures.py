"""What is counted of emails, and the rates that follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from crm.email.models import EmailMessage


@dataclass(frozen=True)
class EmailFigures:
    """How many messages there are and what came back. Every number counts messages, so a reader who opens twice counts once."""

    total: int = 0
    """Written down, whatever became of them."""
    sent: int = 0
    """Handed to the mail server, or refused by it as undeliverable."""
    delivered: int = 0
    """Of those sent, the ones that did not come back."""
    confirmed: int = 0
    """Of those delivered, the ones the provider said so about."""
    failed: int = 0
    hard_bounced: int = 0
    soft_bounced: int = 0
    opened: int = 0
    machine_opened: int = 0
    """Fetched by programs alone: no person is known to have opened them."""
    clicked: int = 0
    machine_clicked: int = 0
    unsubscribed: int = 0
    complained: int = 0

    @classmethod
    def of(cls, row: Sequence[Any]) -> EmailFigures:
        """From a row of `COUNTS`; no rows have a sum of nothing."""
        return cls(**{name: value or 0 for name, value in zip(COUNTS, row, strict=True)})

    @property
    def bounced(self) -> int:
        """Came back, for good or for now."""
        return self.hard_bounced + self.soft_bounced

    @property
    def delivery_rate(self) -> float | None:
        """Delivered of sent."""
        return _share(self.delivered, self.sent)

    @property
    def bounce_rate(self) -> float | None:
        """Bounced of sent."""
        return _share(self.bounced, self.sent)

    @property
    def open_rate(self) -> float | None:
        """Opened by people, of delivered."""
        return _share(self.opened, self.delivered)

    @property
    def click_rate(self) -> float | None:
        """Clicked by people, of delivered."""
        return _share(self.clicked, self.delivered)

    @property
    def click_to_open_rate(self) -> float | None:
        """Clicked by people, of opened by people."""
        return _share(self.clicked, self.opened)

    @property
    def unsubscribe_rate(self) -> float | None:
        """Unsubscribed, of delivered."""
        return _share(self.unsubscribed, self.delivered)

    @property
    def complaint_rate(self) -> float | None:
        """Complained, of delivered."""
        return _share(self.complained, self.delivered)


def number_of(condition: Any) -> sa.ColumnElement[int]:
    """How many rows of a group are so."""
    return sa.func.sum(sa.case((condition, 1), else_=0))


_M = EmailMessage
_OUT = sa.or_(_M.sent_at.is_not(None), _M.bounced_at.is_not(None))
CAME_BACK = _M.bounce_type.is_not(None)
COUNTS: dict[str, sa.ColumnElement[int]] = {
    "total": sa.func.count(),
    "sent": number_of(_OUT),
    "delivered": number_of(sa.and_(_M.sent_at.is_not(None), sa.not_(CAME_BACK), _M.status.in_(("sent", "delivered")))),
    "confirmed": number_of(_M.status == "delivered"),
    "failed": number_of(_M.status == "failed"),
    "hard_bounced": number_of(_M.bounce_type == "hard"),
    "soft_bounced": number_of(sa.and_(CAME_BACK, _M.bounce_type != "hard")),
    "opened": number_of(_M.opened_at.is_not(None)),
    "machine_opened": number_of(sa.and_(_M.machine_opened_count > 0, _M.opened_at.is_(None))),
    "clicked": number_of(_M.clicked_at.is_not(None)),
    "machine_clicked": number_of(sa.and_(_M.machine_clicked_count > 0, _M.clicked_at.is_(None))),
    "unsubscribed": number_of(_M.unsubscribed_at.is_not(None)),
    "complained": number_of(_M.complained_at.is_not(None)),
}


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
