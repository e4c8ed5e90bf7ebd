"""Launching a broadcast, and what can be done to one that is under way. Each may be done twice without harm."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import current_app

from crm.activity.vocabulary import Actor
from crm.broadcasts import reach
from crm.broadcasts.drafting import Refused, check_writable, touch
from crm.broadcasts.models import PURPOSE, WRITABLE, Broadcast, Variant
from crm.database import after_commit, db, table_of
from crm.email import lanes
from crm.email.models import EmailLane
from crm.lib import clock
from crm.queue import nudge

EARLIEST_ZONE = "Pacific/Kiritimati"
"""Where every day begins."""
_table = table_of(Broadcast)
OPEN = ("pending", "claimed", "sending")


def launch(broadcast: Broadcast, by: Actor, now: datetime | None = None) -> bool:
    """Send it now: its recipients are written down by the worker, then it goes out. Whether this was the launch; a second one is none."""
    at = now or clock.now()
    values = {"status": "launching", "launched_at": at, "launched_by": by.user_id, "scheduled_at": None, "error": None}
    if not _move(broadcast, WRITABLE, **values):
        return False
    per_minute, is_test = broadcast.per_minute, broadcast.test_on is not None
    common = {"is_held": True, "per_minute": per_minute, "sender_id": broadcast.sender_id}
    broadcast.lane_id = lanes.open_lane(PURPOSE, broadcast.id, broadcast.name, **common).id
    if is_test:
        broadcast.rest_lane_id = lanes.open_lane(PURPOSE, broadcast.id, f"{broadcast.name}: the rest", **common).id
    broadcast.audience_words = reach.words(broadcast)
    db.session.flush()
    after_commit(nudge, "run_broadcasts")
    return True


def schedule(broadcast: Broadcast, at: datetime, by: Actor) -> None:
    """Launch it at this moment. Raises Refused for one that is past."""
    if at <= clock.now():
        raise Refused("That time is past. Choose one that is yet to come, or send it now.")
    check_writable(broadcast)
    broadcast.scheduled_at, broadcast.local_time, broadcast.launched_by = at, None, by.user_id
    broadcast.status = "scheduled"
    db.session.flush()


def schedule_locally(broadcast: Broadcast, wall: datetime, by: Actor) -> None:
    """Let everyone get it at this hour of their own clock; it is launched when the first place on earth comes to it."""
    if not clock.is_near(wall):
        raise Refused("Choose a year from 1800 to 2999.")
    if broadcast.test_on:
        raise Refused("A test needs one time for everybody. Remove the test, or choose another time.")
    if clock.moment_of(wall, current_app.config["TIMEZONE"]) <= clock.now():
        raise Refused("That time is past here. Choose one that is yet to come.")
    check_writable(broadcast)
    first = clock.moment_of(wall, EARLIEST_ZONE)
    broadcast.scheduled_at, broadcast.local_time = max(first, clock.now()), f"{wall:%Y-%m-%dT%H:%M}"
    broadcast.status, broadcast.launched_by = "scheduled", by.user_id
    db.session.flush()


def unschedule(broadcast: Broadcast) -> None:
    """Make a draft of it again. One that is no longer waiting stays as it is."""
    if broadcast.status in ("scheduled", "missed"):
        broadcast.scheduled_at = broadcast.local_time = None
        touch(broadcast)


def pause(broadcast: Broadcast) -> bool:
    """Take nothing new in hand; whether it was being sent."""
    if not _move(broadcast, ("sending",), status="paused"):
        return False
    _hold(broadcast)
    return True


def resume(broadcast: Broadcast) -> bool:
    """Go on where it stopped; whether it was paused. The pause counts as if it had not been, so that its speed can be told."""
    sent_for = broadcast.updated_at - (broadcast.sending_since or broadcast.updated_at)
    if not _move(broadcast, ("paused",), status="sending", sending_since=clock.now() - sent_for):
        return False
    let_go(broadcast)
    after_commit(nudge, "run_broadcasts")
    return True


def cancel(broadcast: Broadcast) -> bool:
    """Send nothing more, for good; what waits is cancelled by the worker. Whether there was anything to cancel."""
    if not _move(broadcast, ("launching", "sending", "paused"), status="cancelled", fence=_table.c.fence + 1):
        return False
    _hold(broadcast)
    after_commit(nudge, "run_broadcasts")
    return True


def set_throttle(broadcast: Broadcast, per_minute: int | None) -> None:
    """Send at most so many a minute; None for as fast as it goes."""
    broadcast.per_minute = per_minute
    for lane in _lanes(broadcast):
        lane.per_minute = per_minute
    db.session.flush()


def choose_winner(broadcast: Broadcast, variant: Variant, because: str, now: datetime | None = None) -> bool:
    """Send this wording to the rest; whether the test was still open."""
    values = {"winner_id": variant.id, "decided_at": now or clock.now(), "decided_because": because[:255]}
    values["is_rolled_out"] = broadcast.rest_lane_id is None
    undecided = (_table.c.decided_at.is_(None), _table.c.test_on.is_not(None))
    if not _move(broadcast, ("sending", "paused"), *undecided, **values):
        return False
    after_commit(nudge, "run_broadcasts")
    return True


def let_go(broadcast: Broadcast) -> None:
    """Open its lanes: that of the rest only once the rest has its wording."""
    for lane in _lanes(broadcast):
        if lane.id != broadcast.rest_lane_id or broadcast.is_rolled_out:
            lanes.release(lane)


def counts(broadcast: Broadcast) -> dict[str, int]:
    """How many of its messages have each state; together all that were written down, but for contacts deleted since."""
    found: dict[str, int] = {}
    for lane in _lanes(broadcast):
        for status, number in lanes.counts(lane).items():
            found[status] = found.get(status, 0) + number
    return found


def lane(broadcast: Broadcast, lane_id: int | None) -> EmailLane | None:
    """One of its lanes, as it is now."""
    return db.session.get(EmailLane, lane_id) if lane_id and broadcast.id else None


def _lanes(broadcast: Broadcast) -> list[EmailLane]:
    return [found for each in broadcast.lane_ids if (found := lane(broadcast, each))]


def _hold(broadcast: Broadcast) -> None:
    for each in _lanes(broadcast):
        lanes.hold(each)


def _move(broadcast: Broadcast, states: tuple[str, ...], *also: sa.ColumnElement[bool], **values: Any) -> bool:
    """Change the row, if it is in one of these states still; whether it was."""
    here = sa.and_(_table.c.id == broadcast.id, _table.c.status.in_(states), *also)
    moved = db.session.execute(sa.update(_table).where(here).values(updated_at=clock.now(), **values)).rowcount == 1
    db.session.refresh(broadcast)
    return moved
