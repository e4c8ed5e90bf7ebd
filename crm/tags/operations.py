"""Changing tags and who wears them. Every verb may be done twice without harm."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from crm.activity.operations import emit_same
from crm.activity.vocabulary import SYSTEM, Actor, TagActivity, TagAdded, TagRemoved
from crm.conditions.mentions import replace_everywhere
from crm.contacts.models import Contact
from crm.database import db, insert_new, table_of
from crm.lib import clock
from crm.tags.models import COLORS, Tag, Tagging, TagRule, slug_of
from crm.tags.queries import mentioned, tag_by_ref, tag_named

CHUNK = 500


class Refused(Exception):
    """What a person asked for cannot be; `problems` says why in words, by field."""

    def __init__(self, problems: dict[str, str]):
        super().__init__(" ".join(problems.values()))
        self.problems = problems


def create_tag(name: str, color: str = "gray", description: str = "", by: Actor = SYSTEM) -> Tag:
    """A new tag. Raises Refused when the name is empty, too long or taken."""
    tag = Tag(created_by=by.user_id)
    _write(tag, name, color, description)
    tag.slug = slug_of(tag.name)
    db.session.add(tag)
    db.session.flush()
    return tag


def update_tag(tag: Tag, name: str, color: str, description: str = "") -> None:
    """Rename or recolour the tag. Its slug stays, so that what refers to it goes on working. Raises Refused."""
    _write(tag, name, color, description)
    db.session.flush()


def delete_tag(tag: Tag, by: Actor, replacement: Tag | None = None) -> None:
    """Remove the tag and take it off everybody who wears it. A `replacement` takes its place, with them and wherever it is spoken of."""
    if replacement:
        replace_everywhere(mentioned(tag), replacement.id, replacement.slug)
        db.session.execute(sa.update(TagRule).where(TagRule.tag_id == tag.id).values(tag_id=replacement.id))
    wearers = db.session.scalars(sa.select(Tagging.contact_id).where(Tagging.tag_id == tag.id)).all()
    if replacement:
        tag_contacts(replacement, wearers, by)
    untag_contacts(tag, wearers, by)
    db.session.delete(tag)
    db.session.flush()


def ensure_tag(ref: str, by: Actor = SYSTEM) -> Tag:
    """The tag with this slug, id or name; made when there is none. Raises Refused when it cannot be a name."""
    return tag_by_ref(ref) or tag_named(ref) or create_tag(ref, by=by)


def add_tag(contact: Contact, tag: Tag, by: Actor) -> bool:
    """Tag the contact; whether that was new."""
    return bool(tag_contacts(tag, [contact.id], by))


def remove_tag(contact: Contact, tag: Tag, by: Actor) -> bool:
    """Take the tag off the contact; whether it was worn."""
    return bool(untag_contacts(tag, [contact.id], by))


def tag_contacts(tag: Tag, contact_ids: Iterable[int], by: Actor) -> list[int]:
    """Tag all these contacts at once. Returns the ids of those who did not wear the tag before; only these emit."""
    worn = {"tag_id": tag.id, "tagged_at": clock.now(), "tagged_by": by.user_id}
    rows = [{**worn, "contact_id": each} for each in sorted(set(contact_ids))]
    new = insert_new(table_of(Tagging), rows, returning=table_of(Tagging).c.contact_id)
    _emit(TagAdded, tag, new, by)
    return new


def untag_contacts(tag: Tag, contact_ids: Iterable[int], by: Actor) -> list[int]:
    """Take the tag off all these contacts at once. Returns the ids of those who wore it; only these emit."""
    ids = sorted(set(contact_ids))
    gone: list[int] = []
    for start in range(0, len(ids), CHUNK):
        statement = (
            sa.delete(Tagging)
            .where(Tagging.tag_id == tag.id, Tagging.contact_id.in_(ids[start : start + CHUNK]))
            .returning(Tagging.contact_id)
        )
        gone += db.session.scalars(statement, execution_options={"synchronize_session": False})
    _emit(TagRemoved, tag, gone, by)
    return gone


def _emit(kind: type[TagActivity], tag: Tag, contact_ids: Sequence[int], by: Actor) -> None:
    emit_same(kind(contact_id=0, subject_id=tag.id, tag=tag.name, by=by), sorted(contact_ids))


def _write(tag: Tag, name: str, color: str, description: str) -> None:
    name = " ".join(name.split())
    if problem := _problem_of(tag, name):
        raise Refused({"name": problem})
    if color not in COLORS:
        raise Refused({"color": "Choose one of the colours."})
    tag.name, tag.color, tag.description = name, color, description.strip() or None


def _problem_of(tag: Tag, name: str) -> str | None:
    if not name.isprintable() or not slug_of(name):
        return "A tag needs a name with letters or digits."
    if len(name) > 100:
        return "A tag's name has at most 100 characters."
    if slug_of(name).isdigit():
        return "A tag's name cannot be a number alone."
    twin = tag_named(name)
    return f"There is already a tag “{twin.name}”." if twin and twin.id != tag.id else None
