"""Pages of a long list by keyset: the same time at any depth, forward and back, with rows that lack the value at the end.

A cursor names the row beside which a page begins. It is made of what the list shows anyway, so it needs no signature; one
that cannot be read means the first page.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa

Fetch = Callable[[sa.Select[Any]], Sequence[sa.Row[Any]]]


@dataclass(frozen=True)
class Order:
    """A list's order: by `column`, then by `id` in the same direction. `is_nullable`: the column may be empty."""

    column: sa.ColumnElement[Any]
    id: sa.ColumnElement[int]
    is_descending: bool = False
    is_nullable: bool = False
    walked: sa.FromClause | None = None
    """Tables to read the rows that have a value from, joined so that the column's index is walked, where the database would not by itself."""
    ranked: Sequence[Any] = ()
    """The values of `each` in the order of `column`, which is their place here: rows are read value by value, each by its index."""
    each: sa.ColumnElement[Any] | None = None


@dataclass(frozen=True)
class Cursor:
    """The place beside the row with this value and id; `is_back`: the page before it is wanted."""

    value: Any
    id: int
    is_back: bool = False

    def __str__(self) -> str:
        value = self.value.astimezone(UTC) if isinstance(self.value, datetime) else self.value
        value = value.isoformat() if isinstance(value, date) else value
        text = json.dumps([value, self.id, int(self.is_back)], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@dataclass(frozen=True)
class Page:
    """Rows in the list's order, and the cursors (as text) of the pages beside them, if there are any."""

    rows: Sequence[sa.Row[Any]]
    next: str | None = None
    previous: str | None = None


def read_cursor(text: str | None, order: Order) -> Cursor | None:
    """The cursor a page's address carries, or None when it is not one of this order's."""
    if not text or len(text) > 2000:
        return None
    try:
        value, row_id, is_back = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        value = _typed(value, order)
    except (ValueError, TypeError, RecursionError):
        return None
    if type(row_id) is not int or abs(row_id) >= 2**63 or (value is None and not order.is_nullable):
        return None
    return Cursor(value, row_id, is_back == 1)


def _typed(value: Any, order: Order) -> Any:
    kind = order.column.type
    wanted = (kind.impl if isinstance(kind, sa.TypeDecorator) else kind).python_type
    if value is None:
        return None
    if wanted is datetime:
        moment = datetime.fromisoformat(value)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if wanted is date:
        return date.fromisoformat(value)
    if type(value) is not wanted or (wanted is int and abs(value) >= 2**63):
        raise ValueError("a cursor of another order")
    return value.encode(errors="strict").decode() if wanted is str else value


def page(
    statement: sa.Select[Any],
    order: Order,
    cursor: Cursor | None,
    fetch: Fetch,
    size: int = 50,
    with_value: sa.Select[Any] | None = None,
) -> Page:
    """One page of `statement`, whose rows must have an `id`. One query, two where the rows without a value begin.

    `with_value` is another way to ask for those that have one.
    """
    is_back = cursor is not None and cursor.is_back
    value = order.column.label("keyset_value")
    rows: list[sa.Row[Any]] = []
    for part, has_value in _parts(order, cursor, is_back):
        asked = with_value if with_value is not None and has_value else statement
        wanted = _sorted(asked.add_columns(value), order, is_back, has_value).limit(size + 1 - len(rows))
        rows += fetch(wanted if part is None else wanted.where(part))
        if len(rows) > size:
            break
    has_more, rows = len(rows) > size, rows[:size]
    return _between(rows[::-1], True, has_more) if is_back else _between(rows, has_more, cursor is not None)


def within(order: Order, cursor: Cursor | None, fetch: Fetch, distance: int) -> sa.ColumnElement[bool] | None:
    """The condition that holds for the next `distance` rows of the order and none beyond; None where fewer are left."""
    is_back = cursor is not None and cursor.is_back
    part, _ = next(_parts(order, cursor, is_back))
    rows = _sorted(sa.select(order.column.label("keyset_value"), order.id), order, is_back).limit(1).offset(distance)
    edge = fetch(rows if part is None else rows.where(part))
    if not edge or edge[0].keyset_value is None:
        return None
    here = sa.tuple_(order.column, order.id)
    there = sa.tuple_(sa.literal(edge[0].keyset_value, order.column.type), sa.literal(edge[0].id, order.id.type))
    return here >= there if order.is_descending != is_back else here <= there


def _between(rows: Sequence[sa.Row[Any]], has_next: bool, has_previous: bool) -> Page:
    if not rows:
        return Page(rows)
    first, last = rows[0], rows[-1]
    return Page(
        rows,
        str(Cursor(last.keyset_value, last.id)) if has_next else None,
        str(Cursor(first.keyset_value, first.id, True)) if has_previous else None,
    )


def _parts(order: Order, cursor: Cursor | None, is_back: bool) -> Iterator[tuple[sa.ColumnElement[bool] | None, bool]]:
    """The conditions under which rows are read, one after the other: those with a value (True), then those without (or back)."""
    upward = order.is_descending == is_back
    if order.each is not None:
        yield from _ranked_parts(order, order.each, cursor, upward, is_back)
        return
    has_value, has_none = order.column.is_not(None), order.column.is_(None)
    if cursor is None:
        yield from ((has_value, True), (has_none, False)) if order.is_nullable else ((None, True),)
    elif cursor.value is None:
        yield has_none & (order.id > cursor.id if upward else order.id < cursor.id), False
        if is_back:
            yield has_value, True
    elif order.column is order.id:
        yield (order.id > cursor.id if upward else order.id < cursor.id), True
    else:
        here = sa.tuple_(order.column, order.id)
        there = sa.tuple_(sa.literal(cursor.value, order.column.type), sa.literal(cursor.id, order.id.type))
        yield (here > there if upward else here < there), True
        if order.is_nullable and not is_back:
            yield has_none, False


def _ranked_parts(
    order: Order, each: sa.ColumnElement[Any], cursor: Cursor | None, upward: bool, is_back: bool
) -> Iterator[tuple[sa.ColumnElement[bool] | None, bool]]:
    """The same where values have a place of their own: one value after the other."""
    places = list(range(len(order.ranked)) if upward else reversed(range(len(order.ranked))))
    beyond = sa.true() if cursor is None else order.id > cursor.id if upward else order.id < cursor.id
    if cursor is not None and cursor.value is None:
        yield each.is_(None) & beyond, False
        places = places if is_back else []
    elif cursor is not None:
        if cursor.value in places:
            yield (each == order.ranked[cursor.value]) & beyond, True
        places = [place for place in places if (place > cursor.value if upward else place < cursor.value)]
    for place in places:
        yield each == order.ranked[place], True
    if not is_back and (cursor is None or cursor.value is not None):
        yield each.is_(None), False


def _sorted(statement: sa.Select[Any], order: Order, is_back: bool, has_value: bool = True) -> sa.Select[Any]:
    """Those without a value by their id alone: named beside it, the column of a joined table has SQLite sort them all."""
    is_by_value = has_value and order.column is not order.id and order.each is None
    columns = (order.column, order.id) if is_by_value else (order.id,)
    if order.is_descending != is_back:
        return statement.order_by(*(each.desc() for each in columns))
    return statement.order_by(*columns)
