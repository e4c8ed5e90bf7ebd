"""Carrying bulk actions out, batch by batch, each committed with its checkpoint.

Whoever runs an action holds its lease and renews it with every batch; `fence` tells a runner that was overtaken or stopped.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from werkzeug.datastructures import MultiDict

from crm.activity.vocabulary import Actor
from crm.bulk.models import WORKING, BulkAction, BulkActionChange
from crm.contacts.listing import matching, read_wanted
from crm.contacts.queries import visible_ids
from crm.database import commit, db, rollback, table_of
from crm.lib import clock
from crm.lib.bulk import execute_many

ACTIONS, CHANGES = table_of(BulkAction), table_of(BulkActionChange)
LEASE = timedelta(seconds=60)
ATTEMPTS = 5
BATCH = 1_000
_KEEP = (
    sa.update(CHANGES)
    .where(CHANGES.c.action_id == sa.bindparam("action"), CHANGES.c.contact_id == sa.bindparam("contact"))
    .values(is_changed=True, before=sa.bindparam("had", type_=CHANGES.c.before.type))
)


class Overtaken(Exception):
    """The action was stopped, or another process runs it."""


def due() -> Sequence[int]:
    """Actions under way that nobody holds, oldest first."""
    found = sa.select(ACTIONS.c.id).where(ACTIONS.c.status.in_(WORKING), _free()).order_by(ACTIONS.c.id)
    return db.session.scalars(found).all()


def run(action_id: int, *, seconds: float = 60, is_gentle: bool = True) -> bool:
    """Go on with the action for about so many seconds; whether anything is left to do. Does nothing while another holds it."""
    action = _take(action_id)
    if action is None:
        return False
    until = time.monotonic() + seconds
    try:
        if action.total is None:
            _write_down(action)
        while ids := _next(action):
            began = time.monotonic()
            _do_batch(action, ids)
            if time.monotonic() > until:
                _update(action, lease_until=None)
                commit()
                return True
            if is_gentle:
                time.sleep(min(time.monotonic() - began, 0.5))
        _finish(action, "undone" if action.status == "undoing" else "done")
    except Overtaken:
        rollback()
    return False


def _free() -> sa.ColumnElement[bool]:
    return sa.or_(ACTIONS.c.lease_until.is_(None), ACTIONS.c.lease_until < clock.now())


def _take(action_id: int) -> BulkAction | None:
    """Claim the action, or give it up when it keeps stopping at the same place or its author may no longer ask for it."""
    claimed = db.session.execute(
        sa.update(ACTIONS)
        .where(ACTIONS.c.id == action_id, ACTIONS.c.status.in_(WORKING), _free())
        .values(fence=ACTIONS.c.fence + 1, lease_until=clock.now() + LEASE, attempts=ACTIONS.c.attempts + 1)
    )
    commit()
    if not claimed.rowcount:
        return None
    action = db.session.get(BulkAction, action_id, populate_existing=True)
    if action and (problem := _problem_of(action)):
        _finish(action, "failed", problem)
        return None
    return action


def _problem_of(action: BulkAction) -> str | None:
    if action.attempts > ATTEMPTS:
        return f"It stopped {ATTEMPTS} times after {action.done} contacts. The log says why."
    if not (action.creator and action.creator.is_enabled and action.kind.is_for(action.creator)):
        return "Whoever asked for this may no longer do it."
    return None


def _write_down(action: BulkAction) -> None:
    """Keep whom the action is for: those its list means now."""
    wanted = read_wanted(MultiDict(action.query or {}), action.creator)
    found = matching(wanted, action.creator).add_columns(sa.literal(action.id), sa.false())
    db.session.execute(sa.delete(CHANGES).where(CHANGES.c.action_id == action.id))
    result = db.session.execute(sa.insert(CHANGES).from_select(["contact_id", "action_id", "is_changed"], found))
    _update(action, total=result.rowcount, status="running")
    commit()


def _next(action: BulkAction) -> Sequence[int]:
    """The contacts of the next batch: all of them, or those to give something back to."""
    of_action = (CHANGES.c.action_id == action.id, CHANGES.c.contact_id > action.checkpoint)
    found = sa.select(CHANGES.c.contact_id).where(*of_action)
    if action.status == "undoing":
        found = found.where(CHANGES.c.is_changed)
    return db.session.scalars(found.order_by(CHANGES.c.contact_id).limit(BATCH)).all()


def _do_batch(action: BulkAction, ids: Sequence[int]) -> None:
    """One transaction: the change, what it caused, what undoing needs, and the checkpoint."""
    is_undo = action.status == "undoing"
    _update(action, lease_until=clock.now() + LEASE, attempts=0, status="undoing" if is_undo else "running")
    seen = visible_ids(action.creator, ids)
    changed = 0 if is_undo else _apply(action, seen)
    if is_undo:
        _undo(action, seen)
    _update(action, checkpoint=ids[-1], done=action.done + len(ids), changed=action.changed + changed)
    commit()


def _apply(action: BulkAction, ids: Sequence[int]) -> int:
    before = action.kind.apply(ids, action.params, _actor(action))
    rows = [{"action": action.id, "contact": each, "had": had} for each, had in before.items()]
    if action.kind.is_undoable:
        execute_many(db.session.connection(), _KEEP, rows)
    return len(before)


def _undo(action: BulkAction, ids: Sequence[int]) -> None:
    found = sa.select(CHANGES.c.contact_id, CHANGES.c.before).where(CHANGES.c.action_id == action.id)
    changes: dict[int, Any] = {}
    for start in range(0, len(ids), 500):
        changes |= dict(db.session.execute(found.where(CHANGES.c.contact_id.in_(ids[start : start + 500]))).all())
    action.kind.undo(changes, action.params, _actor(action))


def _actor(action: BulkAction) -> Actor:
    return replace(action.creator.actor, name=f"{action.creator.name}, to many at once") if action.creator else Actor()


def _finish(action: BulkAction, status: str, error: str | None = None) -> None:
    _update(action, status=status, error=error, lease_until=None, finished_at=clock.now())
    commit()


def _update(action: BulkAction, **values: Any) -> None:
    """Write to the action, if it is still ours."""
    ours = sa.and_(ACTIONS.c.id == action.id, ACTIONS.c.fence == action.fence, ACTIONS.c.status.in_(WORKING))
    if not db.session.connection().execute(sa.update(ACTIONS).where(ours).values(**values)).rowcount:
        raise Overtaken
    for name, value in values.items():
        sa.orm.attributes.set_committed_value(action, name, value)
