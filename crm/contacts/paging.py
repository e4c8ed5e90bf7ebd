"""The pages of the list of contacts, which cost the same at a thousand and at a million contacts.

Where few contacts are left they are collected and sorted, where many are, the index of the order, or of the words searched for, is
walked until a page is full.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import visitors

from crm.contacts.few import is_few
from crm.contacts.listing import DEFAULT, SHOWN, Wanted, conditions_of, source_of
from crm.contacts.models import Contact
from crm.contacts.orders import FEW, NEWEST, SORTS, order_of, ordered, sort_of
from crm.contacts.search import Way, best_way, found_by, said
from crm.database import db, is_postgresql, table_of
from crm.lib.bulk import among
from crm.lib.keyset import Cursor, Order, Page, page, read_cursor, within
from crm.users.models import User

PAGE = 50
LOOKED_AT = 10_000
"""So many of those who have the words are looked at to fill a page, before the other conditions lead."""
STRIDES = (1_000, 12_000)
"""So far the order is walked before words that many share are looked up in the index; the second only where the first shows promise."""


def contact_page(wanted: Wanted, viewer: User, cursor: str | None = None) -> Page:
    """One page of rows with what the list shows of each contact. What is searched for comes newest first, unless another order is asked for."""
    if wanted.text and wanted.sort == DEFAULT and not is_postgresql():
        wanted = replace(wanted, sort=NEWEST)
        return _found(wanted, viewer, cursor) or _looked_up(wanted, viewer, cursor)
    return _near(wanted, viewer, cursor) or _looked_up(wanted, viewer, cursor)


def _found(wanted: Wanted, viewer: User, cursor: str | None) -> Page | None:
    """The page of a search, newest first, if it fills from the next of those whom the index of words has, or those are all."""
    way, contacts = best_way(wanted.text), table_of(Contact)
    if way is None:
        return None
    place = read_cursor(cursor, Order(contacts.c.id, contacts.c.id, is_descending=True))
    is_back = place is not None and place.is_back
    others = conditions_of(wanted, viewer)
    edge = _edge(way, place) if others else None
    found = sa.table(way.table, sa.column("rowid", sa.Integer))
    conditions = [sa.text(way.condition).bindparams(**way.values), *others]
    if edge is not None:
        conditions.append(found.c.rowid >= edge if not is_back else found.c.rowid <= edge)
    source = found.join(contacts, contacts.c.id == found.c.rowid)
    rows = _page(source, contacts, Order(found.c.rowid, found.c.rowid, is_descending=True), conditions, cursor)
    return rows if edge is None or (rows.previous if is_back else rows.next) else None


def _edge(way: Way, place: Cursor | None) -> int | None:
    """The id of the last to be looked at from this place on; none if there are fewer."""
    if place is None:
        return db.session.scalar(way.rough_rowids("ORDER BY rowid DESC LIMIT 1 OFFSET :most", most=LOOKED_AT))
    beyond = "AND rowid > :place ORDER BY rowid" if place.is_back else "AND rowid < :place ORDER BY rowid DESC"
    return db.session.scalar(way.rough_rowids(f"{beyond} LIMIT 1 OFFSET :most", place=place.id, most=LOOKED_AT))


def _near(wanted: Wanted, viewer: User, cursor: str | None) -> Page | None:
    """The page of a search for words that many share, if it fills from the next contacts in its order."""
    shared = said(wanted.text, FEW) if wanted.text else None
    if shared is None or order_of(wanted.sort) is None:
        return None
    contacts, others, order = table_of(Contact), conditions_of(wanted, viewer), order_of(wanted.sort)
    place = read_cursor(cursor, order)
    for stride in STRIDES:
        edge = within(order, place, _fetch, stride)
        if edge is None:
            return None
        found = _page(contacts, contacts, order, [shared, edge, *others], cursor)
        if found.previous if place and place.is_back else found.next:
            return found
        if len(found.rows) * STRIDES[-1] < PAGE * stride:
            return None
    return None


def _looked_up(wanted: Wanted, viewer: User, cursor: str | None) -> Page:
    source, conditions, cheapest = source_of(wanted, viewer)
    contacts = table_of(Contact)
    if cheapest is not None and wanted.sort == NEWEST:
        return _page(source, contacts, Order(cheapest, cheapest, is_descending=True), conditions, cursor)
    if len(conditions) > 1 and wanted.text and not is_postgresql():
        ids = db.session.scalars(sa.select(contacts.c.id).select_from(source).where(*conditions).limit(FEW + 1)).all()
        if len(ids) <= FEW:
            return _collected(wanted, contacts, [among(contacts.c.id, ids)], cursor)
    elif conditions and is_few(FEW, source, conditions):
        return _collected(wanted, source, conditions, cursor)
    if cheapest is not None:
        conditions = [found_by(wanted.text)]
    return _page(*ordered(wanted.sort, contacts, contacts), [_looked_at(each) for each in conditions], cursor)


def _looked_at(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """The condition on rows of a walk: SQLite would rather collect all of a stage by its index and sort them. A plus keeps an index from use."""
    if is_postgresql():
        return condition
    contacts = table_of(Contact)

    def plain(part: Any, **_: Any) -> Any:
        is_own = isinstance(part, sa.Column) and part.table is contacts and part is not contacts.c.id
        return sa.type_coerce(sa.literal_column(f"+contacts.{part.name}"), part.type) if is_own else None

    return visitors.replacement_traverse(condition, {}, plain)


def _collected(
    wanted: Wanted, source: sa.FromClause, conditions: Sequence[sa.ColumnElement[bool]], cursor: str | None
) -> Page:
    """The page of few contacts, who are sorted by what the order needs of them; the rest is read of those on the page."""
    contacts = table_of(Contact)
    sort = contacts.c[(sort_of(wanted.sort) or SORTS["created"]).sorted_column]
    some = (
        sa.select(contacts.c.id, *([sort] if sort is not contacts.c.id else ())).select_from(source).where(*conditions)
    )
    found = some.limit(FEW + 1).subquery("contacts")
    tables, _, order = ordered(wanted.sort, found, found)
    place = read_cursor(cursor, order)
    narrow = page(sa.select(order.id).select_from(tables), order, place, _fetch, PAGE)
    wide = {
        each.id: each
        for each in _fetch(_shown(contacts, contacts).where(contacts.c.id.in_([each.id for each in narrow.rows])))
    }
    return replace(narrow, rows=[wide[each.id] for each in narrow.rows])


def _page(
    source: sa.FromClause,
    contacts: sa.FromClause,
    order: Order,
    conditions: Sequence[sa.ColumnElement[bool]],
    cursor: str | None,
) -> Page:
    from_here = _shown(source, contacts).where(*conditions)
    walked = None if order.walked is None else _shown(order.walked, contacts).where(*conditions)
    return page(from_here, order, read_cursor(cursor, order), _fetch, PAGE, walked)


def _shown(source: sa.FromClause, contacts: sa.FromClause) -> sa.Select[Any]:
    """What the list shows of each contact."""
    users = table_of(User)
    shown = (*(contacts.c[name] for name in SHOWN), users.c.name.label("owner_name"))
    return sa.select(*shown).select_from(source.outerjoin(users, users.c.id == contacts.c.owner_id))


def _fetch(statement: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
    return db.session.execute(statement).all()
