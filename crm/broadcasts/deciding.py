"""Ending a test: which wording won, and giving it to everybody else.

The rule, said on the screen too: the version with the larger share of people who opened (or clicked) among those it was sent to wins.
If nobody did, or several share the first place, the first of them in the order of the alphabet is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from crm.broadcasts.models import PURPOSE, WINNERS, Broadcast, Variant
from crm.broadcasts.operations import choose_winner, lane, let_go
from crm.database import commit, db, table_of
from crm.email.models import EmailMessage
from crm.lib import clock

CHUNK = 5_000
_messages = table_of(EmailMessage)
SENT = ("sent", "delivered")


@dataclass(frozen=True)
class Trial:
    """How a wording did among those who tried it."""

    variant: Variant
    sent: int
    opened: int
    clicked: int

    def share(self, by: str) -> float:
        """The share of people who did what counts."""
        done = self.clicked if by == "clicks" else self.opened
        return done / self.sent if self.sent else 0.0


def trials(broadcast: Broadcast) -> Sequence[Trial]:
    """How each wording did in the test, in order."""
    is_sent, m = _messages.c.status.in_(SENT), _messages.c
    tried = (
        sa.select(
            m.content_id,
            sa.func.sum(sa.case((is_sent, 1), else_=0)).label("sent"),
            sa.func.sum(sa.case((m.opened_at.is_not(None), 1), else_=0)).label("opened"),
            sa.func.sum(sa.case((m.clicked_at.is_not(None), 1), else_=0)).label("clicked"),
        )
        .where(m.purpose == PURPOSE, m.parent_id == broadcast.id, m.lane_id == broadcast.lane_id)
        .group_by(m.content_id)
    )
    found = {row.content_id: row for row in db.session.execute(tried)}
    rows = [(each, found.get(each.content_id)) for each in broadcast.variants]
    return [Trial(each, row.sent, row.opened, row.clicked) if row else Trial(each, 0, 0, 0) for each, row in rows]


def decide(broadcast: Broadcast, now: datetime) -> bool:
    """Choose the winner of a test whose time is over; whether there was one to choose."""
    if not broadcast.is_test_open or broadcast.test_ends_at is None or broadcast.test_ends_at > now:
        return False
    found = trials(broadcast)
    best, by = max(found, key=lambda each: each.share(broadcast.winner_by)), broadcast.winner_by
    shares = ", ".join(f"{each.variant.letter} {each.share(by):.0%} of {each.sent}" for each in found)
    level = [each for each in found if each.share(by) == best.share(by)]
    why = f"{WINNERS[by]}: {shares}."
    if len(level) > 1:
        why = f"{'Nobody did' if not best.share(by) else 'A draw'}, so {best.variant.letter} was taken. {why}"
    return choose_winner(broadcast, best.variant, why, now)


def roll_out(broadcast: Broadcast, limit: int = CHUNK) -> bool:
    """Give the next of the rest the wording that won, and let them go when all have it; whether there is more to do."""
    if broadcast.winner is None or broadcast.is_rolled_out:
        return False
    waiting = sa.and_(_messages.c.lane_id == broadcast.rest_lane_id, _messages.c.status == "pending")
    other = _messages.c.content_id != broadcast.winner.content_id
    some = sa.select(_messages.c.id).where(waiting, other).limit(limit)
    changed = sa.update(_messages).where(_messages.c.id.in_(some), waiting)
    done = db.session.execute(
        changed.values(content_id=broadcast.winner.content_id, due_at=clock.now()),
        execution_options={"synchronize_session": False},
    ).rowcount
    if done:
        commit()
        return True
    broadcast.is_rolled_out = True
    db.session.flush()
    if broadcast.status == "sending" and lane(broadcast, broadcast.rest_lane_id):
        let_go(broadcast)
    commit()
    return False
