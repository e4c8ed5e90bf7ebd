"""What the clock does to broadcasts: launch those that are due, go on writing recipients down, end tests, finish, cancel, count."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from crm.activity.vocabulary import Actor
from crm.broadcasts import deciding, freezing, telling
from crm.broadcasts.models import LATE, LAUNCHED, PURPOSE, Broadcast
from crm.broadcasts.operations import OPEN, counts, lane, launch
from crm.database import commit, db, rollback, table_of
from crm.email import lanes
from crm.email.models import EmailMessage
from crm.health import hold
from crm.lib import clock
from crm.users.models import User

log = logging.getLogger(__name__)
BATCH = 5_000
COUNTED_FOR = timedelta(days=60)
"""So long after the launch its counts in the list are still brought up to date."""
_messages = table_of(EmailMessage)


def run(now: datetime | None = None, seconds: float = 20) -> bool:
    """Do for about so many seconds what is to be done; whether there is more."""
    at, until = now or clock.now(), time.monotonic() + seconds
    fire(at)
    more = False
    for broadcast_id in under_way():
        while time.monotonic() < until and (more := _tried(broadcast_id, at, until - time.monotonic())):
            pass
    rollback()
    return more


def under_way() -> Sequence[int]:
    """Broadcasts to whose messages something may be done, oldest first."""
    unsettled = sa.and_(Broadcast.status == "cancelled", Broadcast.finished_at.is_(None))
    found = sa.or_(Broadcast.status.in_(("launching", "sending")), unsettled)
    return db.session.scalars(sa.select(Broadcast.id).where(found).order_by(Broadcast.id)).all()


def fire(now: datetime) -> None:
    """Launch what is due. What is later than LATE, because nobody was at work, is marked as missed and asks. Nothing during a hold."""
    if hold.stands():
        commit()
        return
    due = sa.select(Broadcast).where(Broadcast.status == "scheduled", Broadcast.scheduled_at <= now)
    for broadcast in db.session.scalars(due.order_by(Broadcast.scheduled_at).with_for_update(skip_locked=True)).all():
        if problem := _stops(broadcast, now):
            broadcast.status, broadcast.error = "missed", problem
            telling.tell_missed([broadcast])
        else:
            launch(broadcast, _whose(broadcast), now)
    commit()


def _stops(broadcast: Broadcast, now: datetime) -> str:
    """Why it does not go out by itself though its time has come."""
    if broadcast.scheduled_at and now - broadcast.scheduled_at > LATE:
        return "Nothing could be sent at its time. What is more than two hours late does not go out by itself."
    if gone := next((each for each in broadcast.audiences if each.is_gone), None):
        return f"The audience “{gone.name}” was deleted before its time came."
    return "" if broadcast.variants else "Nothing was written."


def _whose(broadcast: Broadcast) -> Actor:
    user = db.session.get(User, broadcast.launched_by) if broadcast.launched_by else None
    return user.actor if user else Actor(name="The clock")


def _tried(broadcast_id: int, now: datetime, seconds: float) -> bool:
    """Take the next step; one that fails is said once, tried again at the next run, and holds up no other broadcast."""
    try:
        more = _go_on(broadcast_id, now, seconds)
        _note_trouble(broadcast_id, None)
    except sa.exc.OperationalError:  # the database is busy, which passes
        raise
    except Exception as trouble:
        log.exception("broadcast %s does not get on", broadcast_id)
        rollback()
        _note_trouble(broadcast_id, f"{type(trouble).__name__}: {trouble}"[:500])
        return False
    return more


def _note_trouble(broadcast_id: int, trouble: str | None) -> None:
    broadcast = db.session.get(Broadcast, broadcast_id)
    if broadcast is None or broadcast.error == trouble:
        return
    broadcast.error = trouble
    if trouble:
        telling.tell_trouble(broadcast)
    commit()


def _go_on(broadcast_id: int, now: datetime, seconds: float) -> bool:
    """Take the next step with one broadcast; whether it has another at once.

    Its row is held for the step, so that nobody pauses it between the look at it and what is done.
    """
    broadcast = db.session.get(Broadcast, broadcast_id, populate_existing=True, with_for_update=True)
    if broadcast is None:
        return False
    if broadcast.status == "launching":
        return freezing.freeze(broadcast_id, seconds=seconds) or _has_begun(broadcast_id)
    if broadcast.status == "cancelled":
        return _cancel_some(broadcast, now)
    if deciding.decide(broadcast, now):
        commit()
        return True
    if deciding.roll_out(broadcast):
        return True
    finish(broadcast, now)
    commit()
    return False


def _has_begun(broadcast_id: int) -> bool:
    """Whether all its recipients are written down by now."""
    broadcast = db.session.get(Broadcast, broadcast_id, populate_existing=True)
    return broadcast is not None and broadcast.status != "launching"


def _cancel_some(broadcast: Broadcast, now: datetime) -> bool:
    """Cancel what waits, some at a time. What is in hand comes to its own end; then the lanes are free for decisions of people."""
    found = [each for number in broadcast.lane_ids if (each := lane(broadcast, number))]
    if any(lanes.cancel_pending(each, "The broadcast was cancelled.", BATCH) for each in found):
        commit()
        return True
    if not any(counts(broadcast).get(each) for each in OPEN):
        broadcast.finished_at = now
        for each in found:
            lanes.release(each)
    commit()
    return False


def finish(broadcast: Broadcast, now: datetime) -> bool:
    """It is finished when nothing is open, and no test waits for its winner; whether it is."""
    if broadcast.status != "sending" or broadcast.is_test_open or (broadcast.test_on and not broadcast.is_rolled_out):
        return False
    if any(counts(broadcast).get(each) for each in OPEN):
        return False
    broadcast.status, broadcast.finished_at = "finished", now
    telling.tell_finished(broadcast)
    return True


def refresh_counts(now: datetime, limit: int = 3) -> int:
    """Count anew for the list what was counted longest ago; the older a broadcast, the more seldom. How many were counted."""
    launched = sa.select(Broadcast.id, Broadcast.launched_at, Broadcast.counted_at).where(
        Broadcast.status.in_(LAUNCHED),
        sa.or_(Broadcast.counted_at.is_(None), Broadcast.launched_at > now - COUNTED_FOR),
    )
    oldest = launched.order_by(Broadcast.counted_at.is_not(None), Broadcast.counted_at)
    stale = [each.id for each in db.session.execute(oldest) if _is_stale(each, now)][:limit]
    for number in stale:
        _count(db.session.get_one(Broadcast, number, populate_existing=True), now)
    return len(stale)


def _is_stale(row: sa.Row[Any], now: datetime) -> bool:
    if row.counted_at is None or row.launched_at is None:
        return True
    return now - row.counted_at > max(timedelta(minutes=1), (now - row.launched_at) / 10)


def _count(broadcast: Broadcast, now: datetime) -> None:
    m = _messages.c
    row = db.session.execute(
        sa.select(sa.func.count(m.sent_at), sa.func.count(m.opened_at), sa.func.count(m.clicked_at)).where(
            m.purpose == PURPOSE, m.parent_id == broadcast.id
        )
    ).one()
    broadcast.sent_count, broadcast.opened_count, broadcast.clicked_count = row
    broadcast.counted_at = now
    commit()
