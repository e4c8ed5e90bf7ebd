"""The orders of the contact list: a contact's own columns, each with its index, and the fields the school made itself."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from crm.contacts.models import Contact
from crm.custom_fields.models import FieldValue
from crm.custom_fields.queries import field_named
from crm.database import table_of
from crm.lib.keyset import Order


@dataclass(frozen=True)
class Sort:
    """A column the list can be sorted by."""

    label: str
    column: str
    is_nullable: bool = False
    field_id: int | None = None
    """The school's own field whose values are sorted by."""


SORTS = {
    "name": Sort("Name", "sort_name"),
    "email": Sort("Email", "email", True),
    "stage": Sort("Stage", "lifecycle_stage"),
    "owner": Sort("Owner", "owner_id", True),
    "phone": Sort("Phone", "phone", True),
    "team": Sort("Team", "team_id", True),
    "country": Sort("Country", "country", True),
    "city": Sort("City", "city", True),
    "language": Sort("Language", "language", True),
    "birthday": Sort("Birthday", "birthday", True),
    "source": Sort("Source", "source", True),
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
    own = field_named(key)
    return Sort(own.label, own.kind.column, True, own.id) if own and own.kind.is_sortable else None


def order_of(text: str) -> Order | None:
    """The order by a column of contacts themselves; None for one of the school's own fields."""
    sort = sort_of(text) or SORTS["created"]
    contacts = table_of(Contact)
    if sort.field_id is not None:
        return None
    return Order(contacts.c[sort.column], contacts.c.id, text.startswith("-"), sort.is_nullable)


def ordered(text: str, source: sa.FromClause, contacts: sa.FromClause) -> tuple[sa.FromClause, sa.FromClause, Order]:
    """The tables to read, those of contacts among them, and the order."""
    sort = sort_of(text) or SORTS["created"]
    is_descending = text.startswith("-")
    if sort.field_id is None:
        return source, contacts, Order(contacts.c[sort.column], contacts.c.id, is_descending, sort.is_nullable)
    values = table_of(FieldValue).alias("sorted_by")
    of_field = sa.and_(values.c.contact_id == contacts.c.id, values.c.field_id == sort.field_id, values.c.slot == 0)
    return (
        source.outerjoin(values, of_field),
        contacts,
        Order(values.c[sort.column], contacts.c.id, is_descending, True),
    )
