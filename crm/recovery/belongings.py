"""What hangs on a row: every row of every table that would be deleted with it, found through the foreign keys.

A `Bundle` holds such rows as plain values; it can be written back later, even if some ids were given away meanwhile.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache
from typing import Any

import sqlalchemy as sa

from crm.database import UTCDateTime, db

Row = dict[str, Any]
CHUNK = 500


@dataclass
class Bundle:
    """`rows` by table, parents first. `pointers` are the rows elsewhere that lose their reference: table, key, column, id."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    pointers: list[list[Any]] = field(default_factory=list)


@cache
def dependants(root: str) -> tuple[tuple[sa.Table, tuple[sa.ForeignKey, ...]], ...]:
    """The tables whose rows go with a row of `root`, parents first, each with the keys by which they hang on one before them."""
    found: dict[str, tuple[sa.Table, tuple[sa.ForeignKey, ...]]] = {}
    for table in db.metadata.sorted_tables:
        keys = tuple(
            key
            for key in sorted(table.foreign_keys, key=lambda each: each.parent.name)
            if key.ondelete == "CASCADE" and (key.column.table.name == root or key.column.table.name in found)
        )
        if keys and table.name != root:
            found[table.name] = (table, keys)
    return tuple(found.values())


def references_to(names: Collection[str]) -> Iterator[tuple[sa.Table, sa.ForeignKey]]:
    """Every column anywhere that forgets its reference when a row of these tables goes."""
    for table in db.metadata.sorted_tables:
        for key in table.foreign_keys:
            if key.ondelete == "SET NULL" and key.column.table.name in names:
                yield table, key


def gather(root: str, row_id: int) -> Bundle:
    """The row and everything that hangs on it."""
    table = db.metadata.tables[root]
    bundle = Bundle({root: _rows(sa.select(table).where(table.c.id == row_id))})
    for each, keys in dependants(root):
        found: dict[Any, Row] = {}
        for key in keys:
            for row in _rows_at(each, key.parent, _values(bundle, key)):
                found[key_of(each, row)] = row
        if found:
            bundle.rows[each.name] = list(found.values())
    bundle.pointers = list(_pointers(bundle))
    return bundle


def key_of(table: sa.Table, row: Row) -> tuple[Any, ...]:
    """The row's primary key."""
    return tuple(row[column.name] for column in table.primary_key)


def _values(bundle: Bundle, key: sa.ForeignKey) -> list[Any]:
    return [row[key.column.name] for row in bundle.rows.get(key.column.table.name, ())]


def _pointers(bundle: Bundle) -> Iterator[list[Any]]:
    for table, key in references_to(bundle.rows.keys()):
        inside = {key_of(table, row) for row in bundle.rows.get(table.name, ())}
        for row in _rows_at(table, key.parent, _values(bundle, key)):
            if key_of(table, row) not in inside:
                yield [table.name, list(key_of(table, row)), key.parent.name, row[key.parent.name]]


def _rows_at(table: sa.Table, column: sa.Column[Any], values: Sequence[Any]) -> Iterator[Row]:
    for start in range(0, len(values), CHUNK):
        yield from _rows(sa.select(table).where(column.in_(values[start : start + CHUNK])))


def _rows(statement: sa.Select[Any]) -> list[Row]:
    return [dict(row) for row in db.session.execute(statement).mappings()]


def as_plain(bundle: Bundle) -> dict[str, Any]:
    """The bundle as JSON can hold it."""
    rows = {
        name: [{key: plain(value) for key, value in row.items()} for row in some] for name, some in bundle.rows.items()
    }
    return {"rows": rows, "pointers": bundle.pointers}


def from_plain(stored: dict[str, Any]) -> Bundle:
    """What `as_plain` wrote. Tables and columns that have gone since are left out."""
    rows = {}
    for name, some in stored["rows"].items():
        table = db.metadata.tables.get(name)
        if table is not None:
            rows[name] = [
                {key: typed(table.c[key], value) for key, value in row.items() if key in table.c} for row in some
            ]
    return Bundle(rows, stored["pointers"])


def plain(value: Any) -> Any:
    """A stored value as JSON can hold it."""
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value) if isinstance(value, Decimal) else value


def typed(column: sa.Column[Any], value: Any) -> Any:
    """What `plain` made of a value of this column, as the column holds it."""
    if value is None or not isinstance(value, str):
        return value
    kind = column.type
    if isinstance(kind, UTCDateTime | sa.DateTime):
        return datetime.fromisoformat(value)
    if isinstance(kind, sa.Date):
        return date.fromisoformat(value)
    if isinstance(kind, sa.Time):
        return time.fromisoformat(value)
    if isinstance(kind, sa.LargeBinary):
        return base64.b64decode(value)
    return Decimal(value) if isinstance(kind, sa.Numeric) and kind.asdecimal else value
