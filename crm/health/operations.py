"""Keeping the heartbeat, what was found wrong, and what becomes of activities that could not be handed out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from crm.activity.dispatcher import ATTEMPTS
from crm.activity.models import ContactActivity
from crm.database import after_commit, db, insert_new, table_of
from crm.health.checks import Finding
from crm.health.models import HealthTrouble, Heartbeat
from crm.lib import clock
from crm.queue import nudge


def beat(name: str = "worker") -> None:
    """Note that this process is at work now."""
    insert_new(table_of(Heartbeat), [{"name": name, "seen_at": clock.now()}], returning=table_of(Heartbeat).c.name)
    db.session.execute(sa.update(Heartbeat).where(Heartbeat.name == name).values(seen_at=clock.now()))


def note_troubles(findings: Sequence[Finding]) -> None:
    """Keep what is wrong now, each with the moment it was first seen; what is well again goes."""
    known = {each.subject: each for each in db.session.scalars(sa.select(HealthTrouble))}
    wrong = {each.subject[:60]: each.text[:500] for each in findings if not each.is_well}
    for subject, row in known.items():
        if subject not in wrong:
            db.session.delete(row)
    for subject, text in wrong.items():
        if subject in known:
            known[subject].text = text
        else:
            db.session.add(HealthTrouble(subject=subject, text=text))
    db.session.flush()


def retry_activity(activity_id: int) -> None:
    """Hand a parked activity out again, five more times at most."""
    _parked(activity_id, dispatch_attempts=0, dispatch_error=None)
    after_commit(nudge, "dispatch")


def let_activity_go(activity_id: int) -> None:
    """Give a parked activity up: it stays in the timeline, and nobody reacts to it any more."""
    _parked(activity_id, dispatched_at=clock.now())


def _parked(activity_id: int, **values: Any) -> None:
    mine = ContactActivity.id == activity_id, ContactActivity.dispatched_at.is_(None)
    is_parked = ContactActivity.dispatch_attempts >= ATTEMPTS
    changed = sa.update(ContactActivity).where(*mine, is_parked).values(**values)
    db.session.execute(changed, execution_options={"synchronize_session": False})
