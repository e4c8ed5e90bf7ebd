"""Questions about duplicates; nobody learns of a contact out of their scope."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from crm.contacts.models import Contact
from crm.contacts.queries import scope, visible_contacts, visible_ids
from crm.database import db
from crm.duplicates.finder import COMPARED
from crm.duplicates.likeness import ENOUGH, Person, compare
from crm.duplicates.models import KEPT_FOR, ContactMerge, DuplicatePair
from crm.lib import clock
from crm.users.models import User

FEW = 20


@dataclass(frozen=True)
class Twin:
    """A contact who may be the same person, and why."""

    contact: Contact
    score: int
    reasons: list[str]


def twins_of(contact: Contact, viewer: User) -> list[Twin]:
    """Who may be the same person as this contact, the likeliest first; answered from indexes, so that a page can ask."""
    me = Person(*(getattr(contact, column.key) for column in COMPARED))
    found = {each.id: each for some in _candidates(me, viewer) for each in some}
    twins = []
    for each in found.values():
        score, reasons = compare(me, Person(*(getattr(each, column.key) for column in COMPARED)))
        if score >= ENOUGH and not _is_dismissed(contact.id, each.id):
            twins.append(Twin(each, score, reasons))
    return sorted(twins, key=lambda each: (-each.score, each.contact.id))[:5]


def _candidates(me: Person, viewer: User) -> Iterator[Sequence[Contact]]:
    conditions = []
    if me.phone:
        conditions.append(Contact.phone == me.phone)
    if me.words:
        conditions.append(Contact.sort_name == me.sort_name)
        first = me.sort_name.split()[0]
        if len(first) > 2:
            conditions.append(sa.and_(Contact.sort_name >= first, Contact.sort_name < first + "\U0010ffff"))
    if me.email and len(local := me.email.partition("@")[0].partition("+")[0]) > 2:
        conditions.append(sa.and_(Contact.email >= local, Contact.email < local + "\x7f"))
    others = visible_contacts(viewer).where(Contact.id != me.id)
    for each in conditions:
        yield db.session.scalars(others.where(each).limit(FEW)).all()
    pairs = sa.select(DuplicatePair.first_id, DuplicatePair.second_id).where(
        sa.or_(DuplicatePair.first_id == me.id, DuplicatePair.second_id == me.id)
    )
    ids = visible_ids(viewer, {each for pair in db.session.execute(pairs.limit(FEW)) for each in pair} - {me.id})
    yield db.session.scalars(sa.select(Contact).where(Contact.id.in_(ids))).all() if ids else ()


def _is_dismissed(a: int, b: int) -> bool:
    pair = pair_of(a, b)
    return pair is not None and pair.dismissed_at is not None


def pair_of(a: int, b: int) -> DuplicatePair | None:
    """What is known of these two."""
    first, second = sorted((a, b))
    return db.session.scalar(
        sa.select(DuplicatePair).where(DuplicatePair.first_id == first, DuplicatePair.second_id == second)
    )


def open_pairs(viewer: User, limit: int) -> list[tuple[DuplicatePair, Contact, Contact]]:
    """The likeliest pairs the viewer may see both of."""
    first, second = aliased(Contact), aliased(Contact)
    found = (
        sa.select(DuplicatePair, first, second)
        .join(first, first.id == DuplicatePair.first_id)
        .join(second, second.id == DuplicatePair.second_id)
        .where(DuplicatePair.dismissed_at.is_(None))
    )
    if viewer.sees_assigned_only:
        found = found.where(scope(viewer, first), scope(viewer, second))
    rows = db.session.execute(found.order_by(DuplicatePair.score.desc(), DuplicatePair.id.desc()).limit(limit))
    return [tuple(row) for row in rows]  # type: ignore[misc]


def recent_merges(limit: int) -> Sequence[ContactMerge]:
    """The merges that can still be undone, the latest first."""
    young = ContactMerge.merged_at > clock.now() - KEPT_FOR
    return db.session.scalars(sa.select(ContactMerge).where(young).order_by(ContactMerge.id.desc()).limit(limit)).all()
