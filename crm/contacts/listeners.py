"""Keeping what a contact's row says about its activities."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.contacts.models import Contact
from crm.database import db, table_of


def keep_last_activity(activities: Sequence[ContactActivity]) -> None:
    """Move `last_activity_at` on to the newest of these; it never goes back."""
    newest: dict[int, datetime] = {}
    for each in activities:
        newest[each.contact_id] = max(each.created_at, newest.get(each.contact_id, each.created_at))
    contacts = table_of(Contact)
    older = sa.or_(contacts.c.last_activity_at.is_(None), contacts.c.last_activity_at < sa.bindparam("moment"))
    statement = (
        sa.update(contacts)
        .where(contacts.c.id == sa.bindparam("contact"), older)
        .values(last_activity_at=sa.bindparam("moment"), updated_at=contacts.c.updated_at)
    )
    rows = [{"contact": contact, "moment": moment} for contact, moment in newest.items()]
    db.session.connection().execute(statement, rows)
