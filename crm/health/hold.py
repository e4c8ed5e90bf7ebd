"""The hold: after a restore, or when the worker stood still for long, nothing that is late goes out by itself; a person decides.

One question, `stands()`, is asked in the transaction that takes what is due (messages, enrollments, broadcasts).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import current_app

from crm.activity.vocabulary import Actor
from crm.database import after_commit, db, is_postgresql
from crm.health import waiting
from crm.health.models import Heartbeat, Hold
from crm.lib import clock
from crm.queue import nudge

LOCK = 7_403_117
"""The number of PostgreSQL's lock between beginning a hold and taking what is due."""
WAKE = ("deliver", "process_enrollments", "run_broadcasts")
"""The jobs that go on when a hold ends."""


_STANDING = sa.select(Hold).where(Hold.ended_at.is_(None)).order_by(Hold.id).limit(1)


def stands() -> bool:
    """Whether everything is held back now. Notices a long standstill itself, whichever job asks first after it.

    Whoever begins a hold waits until those who asked have committed, so nothing is taken after the answer that it stands.
    """
    if is_postgresql():
        db.session.execute(sa.select(sa.func.pg_advisory_xact_lock_shared(LOCK)))
    return current() is not None or begin_after_silence()


def current() -> Hold | None:
    """The hold that stands."""
    return db.session.scalar(_STANDING)


def begin(cause: str, since: datetime, by: str = "") -> Hold:
    """Hold everything back; one that stands already goes on standing."""
    if is_postgresql():
        db.session.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
    return _begin(cause, since, by)


def _begin(cause: str, since: datetime, by: str = "") -> Hold:
    hold = current()
    if hold is None:
        hold = Hold(cause=cause, since=since, begun_by=by[:120])
        db.session.add(hold)
        db.session.flush()
    return hold


def begin_after_silence(now: datetime | None = None) -> bool:
    """Begin a hold if the worker was silent for longer than HOLD_AFTER_HOURS and something would go out now; whether it began."""
    now, hours = now or clock.now(), current_app.config["HOLD_AFTER_HOURS"]
    seen = _last_life() if hours else None
    if seen is None or now - seen < timedelta(hours=hours) or not waiting.is_anything_held_back(now):
        return False
    _begin("stopped", seen)
    return True


def _last_life() -> datetime | None:
    """The newest heartbeat, or decision of a person, whichever is newer."""
    seen = db.session.scalar(sa.select(sa.func.max(Heartbeat.seen_at, type_=Heartbeat.seen_at.type)))
    decided = db.session.scalar(sa.select(sa.func.max(Hold.ended_at, type_=Hold.ended_at.type)))
    return max((each for each in (seen, decided) if each), default=None) if seen else None


def go_on(hold: Hold, by: Actor) -> None:
    """End the hold: whatever is due happens now."""
    _end(hold, by, "go_on")


def skip(hold: Hold, before: datetime, by: Actor, commit: Callable[[], None]) -> dict[str, int]:
    """Give up whatever was due before that moment, in batches, then end the hold; how many of each kind.

    Killed in between, the hold stands and the rest can be skipped as well.
    """
    reason = f"It was late after a standstill, and {by.name} skipped it."
    counts = {}
    for kind in waiting.kinds():
        while kind.skip and (done := kind.skip(before, reason)):
            counts[kind.key] = counts.get(kind.key, 0) + done
            commit()
    hold.skipped_before = before
    _end(hold, by, "skip")
    return counts


def _end(hold: Hold, by: Actor, decision: str) -> None:
    hold.ended_at, hold.ended_by, hold.actor, hold.decision = clock.now(), by.user_id, by.name[:120], decision
    db.session.flush()
    for name in WAKE:
        after_commit(nudge, name)
