"""Recording facts, in the transaction of the change that made them true."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.activity.vocabulary import Activity
from crm.database import after_commit, db, table_of
from crm.lib import clock
from crm.lib.bulk import execute_alike, execute_many
from crm.queue import nudge

_APPEND = sa.insert(table_of(ContactActivity))
SAID = ("title", "description", "metadata", "subject_id")
"""What differs between facts of one type by one actor."""


def emit(*activities: Activity) -> None:
    """Append these facts to the log. They exist if and only if the change they belong to is committed."""
    emit_all(activities)


def emit_all(activities: Iterable[Activity], at: datetime | None = None) -> None:
    """Append many facts in one statement; `at` is when they happened, if not now."""
    moment = at or clock.now()
    emit_dated((each, moment) for each in activities)


def emit_same(activity: Activity, contact_ids: Sequence[int]) -> None:
    """Append the same fact for many contacts, whoever it names itself."""
    emit_each([activity] * len(contact_ids), contact_ids)


def emit_each(activities: Sequence[Activity], contact_ids: Sequence[int]) -> None:
    """Append facts of one type by one actor, each about the contact in its place, whoever it names itself; one that many share is put into words once."""
    if not contact_ids:
        return
    now = clock.now()
    said = {key: row_of(each, now) for key, each in {id(each): each for each in activities}.items()}
    first, *others = said.values()
    differing = [name for name in SAID if any(row[name] != first[name] for row in others)]
    rows = [said[id(each)] for each in activities] if differing else []
    columns: dict[str, Sequence[Any]] = {name: [row[name] for row in rows] for name in differing}
    columns["contact_id"] = contact_ids
    shared = {name: value for name, value in first.items() if name not in columns}
    db.session.flush()
    execute_alike(db.session.connection(), _APPEND, shared, columns)
    after_commit(nudge, "dispatch")


def emit_dated(dated: Iterable[tuple[Activity, datetime]]) -> None:
    """Append facts, each with the moment it happened, in one statement."""
    append_rows([row_of(each, moment) for each, moment in dated])


def append_rows(rows: Sequence[dict[str, Any]]) -> None:
    """Append facts that are rows of the log already, as `row_of` makes them."""
    if rows:
        db.session.flush()
        execute_many(db.session.connection(), _APPEND, rows)
        after_commit(nudge, "dispatch")


def row_of(activity: Activity, moment: datetime) -> dict[str, Any]:
    """The row of the log that says this."""
    return {
        "contact_id": activity.contact_id,
        "activity_type": activity.kind,
        "subject_type": activity.subject_type,
        "subject_id": activity.subject_id,
        "title": activity.title[:255],
        "description": activity.description,
        "metadata": activity.payload,
        "performed_by": activity.by.user_id,
        "actor": activity.by.name[:120],
        "depth": activity.by.depth,
        "created_at": moment,
        "dispatch_attempts": 0,
    }
