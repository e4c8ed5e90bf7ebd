"""Questions about notes; each begins at a contact the viewer may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import contains_eager, joinedload

from crm.contacts.queries import scope
from crm.database import db, table_of
from crm.lib.keyset import Order, page, read_cursor
from crm.notes.models import Note
from crm.users.models import User

PAGE = 8
PINNED = 20
NOTES = table_of(Note)
NEWEST = Order(NOTES.c.created_at, NOTES.c.id, is_descending=True)


@dataclass(frozen=True)
class Notes:
    """Some notes of a contact, and where older ones begin."""

    notes: Sequence[Note]
    next: str | None


def notes_of(contact_id: int, cursor: str | None = None) -> Notes:
    """A page of the contact's notes: first those pinned, then the others, each newest first."""
    mine = sa.select(NOTES.c.id).where(NOTES.c.contact_id == contact_id, NOTES.c.deleted_at.is_(None))
    place = read_cursor(cursor, NEWEST)
    others = page(
        mine.where(NOTES.c.is_pinned.is_(False)), NEWEST, place, lambda each: db.session.execute(each).all(), PAGE
    )
    ids = [row.id for row in others.rows]
    if place is None:
        newest = (NOTES.c.created_at.desc(), NOTES.c.id.desc())
        ids = [*db.session.scalars(mine.where(NOTES.c.is_pinned).order_by(*newest).limit(PINNED)), *ids]
    return Notes(_loaded(ids), others.next)


def visible_note(viewer: User, note_id: int, *, is_deleted: bool = False) -> Note:
    """The note, if it is about a contact this viewer may see; else the answer is 404."""
    found = sa.select(Note).join(Note.contact).options(contains_eager(Note.contact), joinedload(Note.author))
    found = found.where(Note.id == note_id, scope(viewer))
    gone = Note.deleted_at.is_not(None) if is_deleted else Note.deleted_at.is_(None)
    return db.session.scalar(found.where(gone)) or abort(404)


def deleted_notes(viewer: User, contact_id: int) -> Sequence[Note]:
    """The contact's notes that were deleted in the last thirty days and that this viewer may bring back."""
    found = (
        sa.select(Note)
        .where(Note.contact_id == contact_id, Note.deleted_at.is_not(None))
        .options(joinedload(Note.author))
    )
    notes = db.session.scalars(found.order_by(Note.deleted_at.desc()).limit(100))
    return [each for each in notes if each.may_be_changed_by(viewer)]


def _loaded(ids: Sequence[int]) -> list[Note]:
    found = db.session.scalars(sa.select(Note).where(Note.id.in_(ids)).options(joinedload(Note.author)))
    by_id = {each.id: each for each in found}
    return [by_id[each] for each in ids]
