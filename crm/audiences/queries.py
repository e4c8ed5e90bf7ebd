"""Questions about audiences and who is in them; what a viewer may not see is not counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import url_for

from crm.audiences.models import KINDS, STATIC, Audience, AudienceMember
from crm.conditions.compiler import compile_condition
from crm.conditions.mentions import Mentioned, Use
from crm.contacts.models import Contact
from crm.contacts.queries import scope
from crm.database import db, table_of
from crm.lib.keyset import Order, Page, page, read_cursor
from crm.tags.models import slug_of
from crm.users.models import User

PAGE = 50
FEW = 5_000
"""Up to so many members, they are listed and sorted; beyond, the list is walked in its order and each row asked."""


def audience_by_ref(ref: int | str | None) -> Audience | None:
    """The audience with this id or slug, as conditions, workflows and the API write it."""
    if isinstance(ref, int) or (isinstance(ref, str) and ref.isascii() and ref.isdigit()):
        number = int(ref)
        return db.session.get(Audience, number) if number < 2**63 else None
    return db.session.scalar(sa.select(Audience).where(Audience.slug == ref)) if ref else None


def audience_named(name: str) -> Audience | None:
    """The audience of this name, whatever its case, accents and spaces."""
    same = sa.or_(Audience.slug == slug_of(name), Audience.name == name)
    return db.session.scalar(sa.select(Audience).where(same).limit(1))


def all_audiences() -> Sequence[Audience]:
    """Every audience by name."""
    return db.session.scalars(sa.select(Audience).order_by(sa.func.lower(Audience.name), Audience.id)).all()


def static_audiences() -> Sequence[Audience]:
    """The audiences filled by hand, by name."""
    return [each for each in all_audiences() if each.kind == STATIC]


def audience_page(text: str, kind: str, cursor: str | None) -> Page:
    """One page of audiences by name, narrowed to those whose name holds the words."""
    table = table_of(Audience)
    order = Order(table.c.name, table.c.id)
    statement = sa.select(table).where(*(table.c.name.icontains(word, autoescape=True) for word in text.split()[:10]))
    if kind in KINDS:
        statement = statement.where(table.c.kind == kind)
    return page(statement, order, read_cursor(cursor, order), lambda each: db.session.execute(each).all(), PAGE)


def member_counts(rows: Sequence[Any], viewer: User) -> dict[int, int]:
    """How many members of each of these audiences the viewer may see."""
    if not viewer.sees_assigned_only:
        return {each.id: each.member_count for each in rows}
    ids = [each.id for each in rows]
    statement = (
        sa.select(AudienceMember.audience_id, sa.func.count())
        .join(Contact, Contact.id == AudienceMember.contact_id)
        .where(scope(viewer), AudienceMember.audience_id.in_(ids))
        .group_by(AudienceMember.audience_id)
    )
    return {**dict.fromkeys(ids, 0), **dict(db.session.execute(statement).all())}


def member_page(audience: Audience, viewer: User, cursor: str | None = None) -> Page:
    """One page of the members this viewer may see, who joined last first. The rows' `id` is that of the membership."""
    member, contact = table_of(AudienceMember), table_of(Contact)
    shown = (contact.c[name] for name in ("first_name", "last_name", "email", "phone", "lifecycle_stage"))
    statement = (
        sa.select(member.c.id, member.c.contact_id, member.c.joined_at, *shown)
        .join(contact, contact.c.id == member.c.contact_id)
        .where(member.c.audience_id == audience.id, scope(viewer))
    )
    order = Order(member.c.id, member.c.id, is_descending=True)
    return page(statement, order, read_cursor(cursor, order), lambda each: db.session.execute(each).all(), PAGE)


def audiences_of(contact: Contact) -> Sequence[Audience]:
    """The audiences this contact is in, by name."""
    found = sa.select(Audience).join(AudienceMember, AudienceMember.audience_id == Audience.id)
    by_name = found.where(AudienceMember.contact_id == contact.id).order_by(sa.func.lower(Audience.name), Audience.id)
    return db.session.scalars(by_name).all()


def is_in_any(audience_ids: Sequence[int]) -> sa.ColumnElement[bool]:
    """The condition on contacts that they are in any of these audiences, in the form that is quick for how many there are."""
    members = sa.select(sa.literal(1)).where(AudienceMember.audience_id.in_(audience_ids))
    some = members.limit(FEW + 1).subquery()
    if (db.session.scalar(sa.select(sa.func.count()).select_from(some)) or 0) > FEW:
        return members.where(AudienceMember.contact_id == Contact.id).correlate(Contact).exists()
    return Contact.id.in_(sa.select(AudienceMember.contact_id).where(AudienceMember.audience_id.in_(audience_ids)))


def sample(condition: Any, viewer: User, size: int = 10) -> Sequence[Contact]:
    """A few of the viewer's contacts whom the condition is true of."""
    found = sa.select(Contact).where(compile_condition(condition), scope(viewer)).limit(size)
    return db.session.scalars(found).all()


def contact_like(text: str, viewer: User) -> Contact | None:
    """The contact meant by an email address, a phone number, an id or a full name, if the viewer may see them."""
    text = " ".join(text.split())[:255]
    ways = [Contact.email == text.lower(), Contact.phone == text.replace(" ", ""), Contact.sort_name == text.lower()]
    if text.isascii() and text.isdigit() and len(text) < 19:
        ways.insert(0, Contact.id == int(text))
    found = (sa.select(Contact).where(way, scope(viewer)).order_by(Contact.id).limit(1) for way in ways)
    return next((each for each in map(db.session.scalar, found) if each), None) if text else None


def mentioned(audience: Audience) -> Mentioned:
    """The audience as workflows and conditions refer to it."""
    return Mentioned("audience_id", "audience", frozenset({str(audience.id), audience.slug}))


def audiences_with(thing: Mentioned) -> list[Use]:
    """The audiences whose condition speaks of the thing, by name."""
    return [
        Use(f"Audience “{each.name}”", url_for("audiences.show", audience_id=each.id))
        for each in all_audiences()
        if thing.is_in(each.condition)
    ]
