"""Whether few contacts are meant, found out without looking at more of them than few."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import operators

from crm.contacts.models import Contact
from crm.database import db

IDS = Contact.id.expression


def is_few(few: int, source: sa.FromClause, conditions: Sequence[sa.ColumnElement[bool]]) -> bool:
    """Whether no more than a few contacts are meant: because one of the conditions is a small set, which is quickly counted, or by looking at them."""
    sets = (
        each.right
        for each in conditions
        if isinstance(each, sa.BinaryExpression) and each.operator is operators.in_op and each.left.compare(IDS)
    )
    if any(_is_small(few, getattr(each, "element", each)) for each in sets):
        return True
    return count_up_to(few + 1, source, conditions) <= few


def _is_small(few: int, ids: Any) -> bool:
    if not isinstance(ids, sa.Select):
        return False
    some = ids.limit(few + 1).subquery()
    return (db.session.scalar(sa.select(sa.func.count()).select_from(some)) or 0) <= few


def count_up_to(most: int, source: sa.FromClause, conditions: Sequence[sa.ColumnElement[bool]]) -> int:
    """How many these are, counted up to `most`."""
    some = sa.select(sa.literal(1)).select_from(source).where(*conditions).limit(most).subquery()
    return db.session.scalar(sa.select(sa.func.count()).select_from(some)) or 0
