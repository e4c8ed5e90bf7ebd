"""Asking for a bulk action, stopping it and undoing it. Carrying it out is in `runs`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crm.bulk.models import BulkAction, BulkActionChange
from crm.contacts.queries import visible_ids
from crm.database import after_commit, db, table_of
from crm.lib import clock
from crm.lib.bulk import execute_many
from crm.queue import nudge
from crm.users.models import User

AT_ONCE = 500
"""Up to so many contacts are changed while the person waits."""
_APPEND = sa.insert(table_of(BulkActionChange))


def request_action(
    kind: str, params: Mapping[str, Any], title: str, user: User, *,
    ids: Sequence[int] | None = None, query: Mapping[str, Any] | None = None,
) -> BulkAction:  # fmt: skip
    """A new action for these contacts, or for all that the list of this address means, as far as the user sees them."""
    action = BulkAction(kind_key=kind, params=dict(params), title=title[:255], created_by=user.id)
    action.query = None if query is None else dict(query)
    db.session.add(action)
    db.session.flush()
    if ids is not None:
        seen = visible_ids(user, ids)
        rows = [{"action_id": action.id, "contact_id": each, "is_changed": False} for each in seen]
        execute_many(db.session.connection(), _APPEND, rows)
        action.total = len(seen)
    after_commit(nudge, "run_bulk_actions")
    return action


def stop_action(action: BulkAction) -> None:
    """Stop after the batch in hand. What was changed stays. Stopping one that is not under way changes nothing."""
    if action.status in {"waiting", "running"}:
        action.status, action.lease_until, action.finished_at = "stopped", None, clock.now()
        action.fence += 1


def undo_action(action: BulkAction) -> None:
    """Begin to take back what was changed. Raises ValueError in words when it is too late."""
    if action.status in {"undoing", "undone"}:
        return
    if not action.can_be_undone(clock.now()):
        raise ValueError("This can no longer be undone.")
    action.status, action.checkpoint, action.done, action.attempts, action.error = "undoing", 0, 0, 0, None
    action.lease_until = None
    action.fence += 1
    after_commit(nudge, "run_bulk_actions")
