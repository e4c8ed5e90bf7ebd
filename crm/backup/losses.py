"""What a restore would lose: how much of each thing came after the backup was made."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from crm.database import db, rollback

SINCE = (
    ("contacts", "created_at", "contact added", "contacts added"),
    ("contacts", "updated_at", "contact changed", "contacts changed"),
    ("contact_notes", "created_at", "note", "notes"),
    ("contact_tasks", "created_at", "task", "tasks"),
    ("email_messages", "sent_at", "sent email on record", "sent emails on record"),
    ("email_unsubscribes", "unsubscribed_at", "unsubscription", "unsubscriptions"),
    ("contact_activities", "created_at", "thing in the timelines", "things in the timelines"),
)
"""Table, the moment that counts, and its noun."""
MOST = 100_000


def since(moment: datetime) -> list[tuple[int, str]]:
    """Count and words of each, those with none left out; up to MOST of each are counted. Of data that cannot be read, nothing."""
    try:
        found = [(_count(table, column, moment), one, many) for table, column, one, many in SINCE]
    except sa.exc.DatabaseError:
        rollback()
        return []
    return [(count, one if count == 1 else many) for count, one, many in found if count]


def _count(table: str, column: str, moment: datetime) -> int:
    when = db.metadata.tables[table].c.get(column)
    if when is None:
        return 0
    late = sa.select(sa.literal(1)).where(when > moment).limit(MOST).subquery()
    return db.session.scalar(sa.select(sa.func.count()).select_from(late)) or 0
