"""Questions about what happened to a contact."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.activity.vocabulary import BY_KIND
from crm.database import db, table_of
from crm.lib.keyset import Order, Page, page, read_cursor

PAGE = 25
WORDS = 8
LOG = table_of(ContactActivity)
NEWEST = Order(LOG.c.created_at, LOG.c.id, is_descending=True)
SHOWN = ("id", "activity_type", "subject_type", "subject_id", "title", "description", "actor", "created_at")


def timeline_page(contact_id: int, kind: str | None = None, cursor: str | None = None, text: str = "") -> Page:
    """One page of what happened to the contact, newest first, of one kind or of all, with every word of `text` in it."""
    statement = sa.select(*(LOG.c[name] for name in SHOWN)).where(LOG.c.contact_id == contact_id)
    if kind:
        statement = statement.where(LOG.c.activity_type == kind)
    for word in text.split()[:WORDS]:
        statement = statement.where(_says(word))
    return page(statement, NEWEST, read_cursor(cursor, NEWEST), lambda each: db.session.execute(each).all(), PAGE)


def _says(word: str) -> sa.ColumnElement[bool]:
    columns = (LOG.c.title, LOG.c.description, LOG.c.actor)
    return sa.or_(*(each.icontains(word, autoescape=True) for each in columns))


def kinds_of(contact_id: int) -> Sequence[tuple[str, str]]:
    """The kinds of things that ever happened to the contact, with their labels, by label."""
    found = db.session.scalars(sa.select(LOG.c.activity_type).where(LOG.c.contact_id == contact_id).distinct())
    labels = [(kind, BY_KIND[kind].label if kind in BY_KIND else kind) for kind in found]
    return sorted(labels, key=lambda each: each[1])
