"""The orders of the contact list: a contact's own columns, each with its index, and the fields the school made itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from crm.contacts.models import Contact
from crm.custom_fields.models import FieldValue
from crm.custom_fields.queries import field_named
from crm.database import db, table_of
from crm.lib.keyset import Order
from crm.users.models import Team, User

FEW = 5_000
"""So many contacts are collected and sorted rather than found by walking an index."""
NEWEST = "-id"
"""The order of what is searched for: as the index of words has it."""


@dataclass(frozen=True)
class Sort:
    """A column the list can be sorted by."""

    label: str
    column: str
    is_nullable: bool = False
    field_id: int | None = None
    """The school's own field whose values are sorted by."""
    is_link: bool = False
    """Whether the column points at another contact, whose name is sorted by."""
    of: type[User | Team] | None = None
    """What the column points at, of which there are few: the contacts are read one after the other in the order of their names."""

    @property
    def sorted_column(self) -> str:
        """The column of contacts the order begins at."""
        return "id" if self.field_id is not None else self.column


SORTS = {
    "name": Sort("Name", "sort_name"),
    "email": Sort("Email", "email", True),
    "stage": Sort("Stage", "lifecycle_stage"),
    "owner": Sort("Owner", "owner_id", True, of=User),
    "phone": Sort("Phone", "phone", True),
    "team": Sort("Team", "team_id", True, of=Team),
    "country": Sort("Country", "country", True),
    "city": Sort("City", "city", True),
    "language": Sort("Language", "language", True),
    "birthday": Sort("Birthday", "birthday", True),
    "source": Sort("Source", "source", True),
    "guardian": Sort("Guardian", "guardian_id", True, is_link=True),
    "referrer": Sort("Referred by", "referrer_id", True, is_link=True),
    "utm_source": Sort("UTM source", "utm_source", True),
    "utm_medium": Sort("UTM medium", "utm_medium", True),
    "utm_campaign": Sort("UTM campaign", "utm_campaign", True),
    "external_id": Sort("External ID", "external_id", True),
    "since": Sort("In stage since", "stage_changed_at", True),
    "activity": Sort("Last activity", "last_activity_at", True),
    "created": Sort("Added", "created_at"),
}


def sort_of(text: str) -> Sort | None:
    """The order an address names: one of SORTS, or a field the school made itself."""
    key = text.removeprefix("-")
    if key in SORTS:
        return SORTS[key]
    if text == NEWEST:
        return Sort("Newest", "id")
    own = field_named(key)
    return Sort(own.label, own.kind.column, True, own.id) if own else None


def order_of(text: str) -> Order | None:
    """The order by a column of contacts themselves; None for one of the school's own fields and for names of others."""
    sort = sort_of(text) or SORTS["created"]
    contacts = table_of(Contact)
    if sort.field_id is not None or sort.is_link or sort.of is not None:
        return None
    return Order(contacts.c[sort.column], contacts.c.id, text.startswith("-"), sort.is_nullable)


def ordered(text: str, source: sa.FromClause, contacts: sa.FromClause) -> tuple[sa.FromClause, sa.FromClause, Order]:
    """The tables to read, those of contacts among them, and the order."""
    sort = sort_of(text) or SORTS["created"]
    is_descending = text.startswith("-")
    if sort.of is not None:
        return source, contacts, _by_few(sort.of, contacts, contacts.c[sort.column], is_descending)
    if sort.is_link:
        return _by_name_of(sort, source, contacts, is_descending)
    if sort.field_id is None:
        return source, contacts, Order(contacts.c[sort.column], contacts.c.id, is_descending, sort.is_nullable)
    values = table_of(FieldValue).alias("sorted_by")
    of_field = sa.and_(values.c.contact_id == contacts.c.id, values.c.field_id == sort.field_id, values.c.slot == 0)
    return (
        source.outerjoin(values, of_field),
        contacts,
        Order(values.c[sort.column], contacts.c.id, is_descending, True),
    )


def _by_few(
    model: type[User | Team], contacts: sa.FromClause, column: sa.ColumnElement[Any], is_descending: bool
) -> Order:
    """By the name of the colleague or team pointed at: by its place among all names, so that no join has to be sorted."""
    used = model.id.in_(sa.select(_distinct(table_of(Contact).c[column.name])))
    ids = db.session.scalars(sa.select(model.id).where(used).order_by(sa.func.lower(model.name), model.id)).all()
    places = {number: place for place, number in enumerate(ids)}
    place = sa.case(places, value=column) if places else sa.cast(sa.null(), sa.Integer)
    if contacts is table_of(Contact):
        return Order(place, contacts.c.id, is_descending, True, ranked=ids, each=column)
    return Order(place, contacts.c.id, is_descending, True)


def _distinct(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The different values of a column that has few, from step to step of its index, however many rows there are."""
    least = sa.select(sa.func.min(column).label("value")).where(column.is_not(None)).cte("steps", recursive=True)
    above = sa.select(sa.func.min(column)).where(column > least.c.value).scalar_subquery()
    return least.union_all(sa.select(above).where(least.c.value.is_not(None))).c.value


def _by_name_of(
    sort: Sort, source: sa.FromClause, contacts: sa.FromClause, is_descending: bool
) -> tuple[sa.FromClause, sa.FromClause, Order]:
    """By the name of the contact pointed at. Where many point at somebody the index of names is walked: adding nothing to the id keeps SQLite from the other way round."""
    others = table_of(Contact).alias("pointed_at")
    joined = source.outerjoin(others, others.c.id == contacts.c[sort.column])
    is_walked = contacts is table_of(Contact) and _are_many(contacts.c[sort.column])
    walked = others.join(source, others.c.id + 0 == contacts.c[sort.column]) if is_walked else None
    return joined, contacts, Order(others.c.sort_name, contacts.c.id, is_descending, True, walked)


def _are_many(column: sa.ColumnElement[Any]) -> bool:
    some = sa.select(sa.literal(1)).where(column.is_not(None)).limit(FEW + 1).subquery()
    return (db.session.scalar(sa.select(sa.func.count()).select_from(some)) or 0) > FEW
