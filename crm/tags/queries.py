"""Questions about tags."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from crm.conditions.mentions import Mentioned
from crm.contacts.models import Contact
from crm.contacts.queries import scope
from crm.database import db
from crm.tags.models import Tag, Tagging, slug_of
from crm.users.models import User

FEW = 5_000
"""Up to so many wearers, they are listed and sorted; beyond, the list is walked in its order and each row asked."""


def tag_by_ref(ref: int | str | None) -> Tag | None:
    """The tag with this id or slug, as conditions, imports and the API write it."""
    if isinstance(ref, int) or (isinstance(ref, str) and ref.isascii() and ref.isdigit()):
        number = int(ref)
        return db.session.get(Tag, number) if number < 2**63 else None
    return db.session.scalar(sa.select(Tag).where(Tag.slug == ref)) if ref else None


def tag_named(name: str) -> Tag | None:
    """The tag of this name, whatever its case, accents and spaces."""
    return db.session.scalar(sa.select(Tag).where(sa.or_(Tag.slug == slug_of(name), Tag.name == name)).limit(1))


def all_tags() -> Sequence[Tag]:
    """Every tag by name."""
    return db.session.scalars(sa.select(Tag).order_by(sa.func.lower(Tag.name), Tag.id)).all()


def tags_of(contact_ids: Sequence[int]) -> dict[int, list[Tag]]:
    """What each of these contacts wears, by name; one query."""
    found = (
        sa.select(Tagging.contact_id, Tag)
        .join(Tag, Tag.id == Tagging.tag_id)
        .where(Tagging.contact_id.in_(contact_ids))
        .order_by(sa.func.lower(Tag.name), Tag.id)
    )
    worn: dict[int, list[Tag]] = {each: [] for each in contact_ids}
    for contact_id, tag in db.session.execute(found):
        worn[contact_id].append(tag)
    return worn


def mentioned(tag: Tag) -> Mentioned:
    """The tag as workflows, audiences and conditions refer to it."""
    return Mentioned("tag_id", "tags", frozenset({str(tag.id), tag.slug}))


def wearer_count(tag: Tag) -> int:
    """How many contacts wear the tag."""
    return db.session.scalar(sa.select(sa.func.count()).where(Tagging.tag_id == tag.id)) or 0


def tags_with_wearers(viewer: User) -> Sequence[sa.Row[tuple[Tag, int]]]:
    """Every tag by name, with how many contacts in this viewer's sight wear it."""
    counts = sa.select(Tagging.tag_id, sa.func.count().label("wearers")).group_by(Tagging.tag_id)
    if viewer.sees_assigned_only:
        counts = counts.join(Contact).where(scope(viewer))
    counted = counts.subquery()
    return db.session.execute(
        sa.select(Tag, sa.func.coalesce(counted.c.wearers, 0))
        .outerjoin(counted, counted.c.tag_id == Tag.id)
        .order_by(sa.func.lower(Tag.name), Tag.id)
    ).all()


def wears_any(tag_ids: Sequence[int]) -> sa.ColumnElement[bool]:
    """The condition on contacts that they wear any of these tags, in the form that is quick for how many there are."""
    worn = sa.select(sa.literal(1)).where(Tagging.tag_id.in_(tag_ids))
    some = worn.limit(FEW + 1).subquery()
    if (db.session.scalar(sa.select(sa.func.count()).select_from(some)) or 0) > FEW:
        return worn.where(Tagging.contact_id == Contact.id).correlate(Contact).exists()
    return Contact.id.in_(sa.select(Tagging.contact_id).where(Tagging.tag_id.in_(tag_ids)))
