"""Keeping what a contact's row says about its activities."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from functools import cache

import sqlalchemy as sa

from crm.activity.models import Fact
from crm.contacts.models import Contact
from crm.database import among_bound, as_bound, db, is_postgresql, table_of
from crm.lib.bulk import execute_many


def keep_last_activity(activities: Sequence[Fact]) -> None:
    """Move `last_activity_at` on to the newest of these; it never goes back."""
    newest: dict[int, datetime] = {}
    for each in activities:
        newest[each.contact_id] = max(each.created_at, newest.get(each.contact_id, each.created_at))
    together: dict[datetime, list[int]] = defaultdict(list)
    for contact_id, moment in newest.items():
        together[moment].append(contact_id)
    rows = [{"contacts": as_bound(ids), "moment": moment} for moment, ids in together.items()]
    execute_many(db.session.connection(), _moving_on(is_postgresql()), rows)


@cache
def _moving_on(_is_postgresql: bool) -> sa.Update:
    contacts, moment = table_of(Contact), sa.bindparam("moment")
    older = sa.or_(contacts.c.last_activity_at.is_(None), contacts.c.last_activity_at < moment)
    moved = sa.update(contacts).where(among_bound(contacts.c.id, "contacts"), older)
    return moved.values(last_activity_at=moment, updated_at=contacts.c.updated_at)
