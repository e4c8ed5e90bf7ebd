"""Which contacts a condition means, and how many."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, func, select, true

from crm.conditions.compiler import compile_condition
from crm.conditions.fields import Field, registered_fields
from crm.database import db

CHUNK = 500
CAP = 10_000


def matching_ids(
    condition: Any, ids: Iterable[int], now: datetime | None = None, fields: Mapping[str, Field] | None = None
) -> set[int]:
    """Those of the given contacts that the condition is true of, by the same SQL as everywhere."""
    known = registered_fields() if fields is None else fields
    return {
        id_ for chunk in _chunks(sorted({int(id_) for id_ in ids})) for id_ in _matching(condition, chunk, now, known)
    }


def _matching(condition: Any, ids: list[int], now: datetime | None, fields: Mapping[str, Field]) -> Iterable[int]:
    among = {key: field.among(ids) for key, field in fields.items()}
    id_, matches = contacts_table().c.id, compile_condition(condition, now, among)
    return db.session.scalars(select(id_).where(id_.in_(ids), matches))


def count_up_to(criterion: ColumnElement[bool], within: ColumnElement[bool] | None = None, cap: int = CAP) -> int:
    """How many contacts meet the criterion, but no further than one beyond the cap: what is more need not be counted."""
    visible = true() if within is None else within
    found = select(contacts_table().c.id).where(criterion, visible).limit(cap + 1).subquery()
    return db.session.scalar(select(func.count()).select_from(found))


def contacts_table() -> Table:
    """The table that conditions are about; it belongs to a floor above."""
    return db.metadata.tables["contacts"]


def _chunks(ids: list[int]) -> Iterator[list[int]]:
    return (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))
