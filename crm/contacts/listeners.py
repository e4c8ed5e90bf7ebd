"""Keeping what a contact's row says about its activities."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from crm.activity.models import Fact
from crm.contacts.models import Contact
from crm.database import db, table_of
from crm.lib.bulk import execute_many, listed


def keep_last_activity(activities: Sequence[Fact]) -> None:
    """Move `last_activity_at` on to the newest of these; it never goes back."""
    newest: dict[int, datetime] = {}
    for each in activities:
        newest[each.contact_id] = max(each.created_at, newest.get(each.contact_id, each.created_at))
    together: dict[datetime, list[int]] = defaultdict(list)
    for contact_id, moment in newest.items():
        together[moment].append(contact_id)
    rows = [{"contacts": json.dumps(ids), "moment": moment} for moment, ids in together.items()]
    execute_many(db.session.connection(), _MOVE_ON, rows)


_contacts, _moment = table_of(Contact), sa.bindparam("moment")
_MOVE_ON = (
    sa.update(_contacts)
    .where(
        _contacts.c.id.in_(listed("contacts")),
        sa.or_(_contacts.c.last_activity_at.is_(None), _contacts.c.last_activity_at < _moment),
    )
    .values(last_activity_at=_moment, updated_at=_contacts.c.updated_at)
)
