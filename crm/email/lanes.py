"""Lanes: messages that are held, let go, slowed down and called off together.

Every message is in one. Lane 0 is the ordinary one, of workflows, tests and the product's own mail: always open, first in turn. A lane
that is held gives nothing away from the commit that held it on: what was claimed before and not yet begun goes back (`stopping`).
"""

from __future__ import annotations

import sqlalchemy as sa

from crm.database import after_commit, db, table_of
from crm.delivery.models import STATUSES
from crm.email.models import EmailLane, EmailMessage
from crm.queue import nudge

ORDINARY = 0
_messages = table_of(EmailMessage)
_NO_ORM = {"synchronize_session": False}


def open_lane(
    purpose: str,
    parent_id: int,
    name: str,
    *,
    is_held: bool = True,
    per_minute: int | None = None,
    sender_id: int | None = None,
) -> EmailLane:
    """A new lane, held unless said otherwise, so that it can be filled first."""
    lane = EmailLane(
        purpose=purpose, parent_id=parent_id, name=name[:160], is_held=is_held, per_minute=per_minute, sender_id=sender_id
    )  # fmt: skip
    db.session.add(lane)
    db.session.flush()
    return lane


def hold(lane: EmailLane) -> None:
    """Let nothing more out of the lane. Holding twice changes nothing."""
    lane.is_held = True
    db.session.flush()


def release(lane: EmailLane) -> None:
    """Let the lane's messages go. Releasing twice changes nothing."""
    lane.is_held = False
    db.session.flush()
    after_commit(nudge, "deliver")


def cancel_pending(lane: EmailLane, reason: str, batch: int = 1000) -> int:
    """Call off up to `batch` of the lane's waiting messages; how many. Again until it is 0, with a commit between."""
    waiting = sa.and_(_messages.c.status == "pending", _messages.c.lane_id == lane.id)
    chosen = sa.select(_messages.c.id).where(waiting).limit(batch)
    ended = sa.update(_messages).where(_messages.c.id.in_(chosen), waiting)
    return db.session.execute(
        ended.values(status="cancelled", reason=reason[:255], lease_until=None), execution_options=_NO_ORM
    ).rowcount


def counts(lane: EmailLane) -> dict[str, int]:
    """How many of the lane's messages are in each state, in one moment; read from an index alone."""
    found = sa.select(_messages.c.status, sa.func.count()).where(
        _messages.c.status.in_(STATUSES), _messages.c.lane_id == lane.id
    )
    rows = db.session.execute(found.group_by(_messages.c.status)).all()
    return {**dict.fromkeys(STATUSES, 0), **dict(rows)}
