"""Writing, changing, pinning and deleting notes."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.activity.operations import emit
from crm.activity.vocabulary import Actor, NoteAdded
from crm.contacts.models import Contact
from crm.database import db
from crm.lib import clock, markdown
from crm.notes.mentions import tell_mentioned
from crm.notes.models import KINDS, Note

LONGEST = 20_000
KEPT_FOR = timedelta(days=30)


class Refused(Exception):
    """What was asked for cannot be; `problems` says why, by field."""

    def __init__(self, problems: dict[str, str]):
        super().__init__(" ".join(problems.values()))
        self.problems = problems


class Overtaken(Exception):
    """Somebody else changed the note since it was shown."""


def add_note(contact: Contact, content: str, by: Actor, kind: str = "note", *, is_pinned: bool = False) -> Note:
    """Write a note about the contact and tell the colleagues it mentions. Raises Refused."""
    content = _checked(content, kind)
    note = Note(
        contact_id=contact.id, user_id=by.user_id, author_name=by.name[:120], kind=kind, content=content, is_pinned=is_pinned
    )  # fmt: skip
    db.session.add(note)
    db.session.flush()
    emit(NoteAdded(contact_id=contact.id, subject_id=note.id, note_kind=kind, text=markdown.to_text(content), by=by))
    tell_mentioned(note, contact, by)
    return note


def update_note(note: Note, content: str, kind: str, by: Actor, seen: int | None = None) -> None:
    """Change the words. `seen` is the revision the change was based on. Raises Refused, Overtaken."""
    content = _checked(content, kind)
    if (content, kind) == (note.content, note.kind):
        return
    if seen is not None and seen != note.revision:
        raise Overtaken
    before, note.content, note.kind = note.content, content, kind
    note.revision += 1
    db.session.flush()
    _keep_log(note)
    tell_mentioned(note, note.contact, by, before)


def pin_note(note: Note, is_pinned: bool) -> None:
    """Put the note before the others, or back among them."""
    note.is_pinned = is_pinned
    db.session.flush()


def delete_note(note: Note) -> None:
    """Take the note away, everywhere at once; for thirty days it can be brought back."""
    note.deleted_at = note.deleted_at or clock.now()
    db.session.flush()
    _keep_log(note)


def restore_note(note: Note) -> None:
    """Bring a deleted note back."""
    note.deleted_at = None
    db.session.flush()
    _keep_log(note)


def purge_notes(now: datetime) -> int:
    """Remove for good what was deleted more than thirty days ago; how many."""
    old = sa.delete(Note).where(Note.deleted_at.is_not(None), Note.deleted_at < now - KEPT_FOR)
    return db.session.execute(old).rowcount


def _keep_log(note: Note) -> None:
    """Let the timeline say what the note says now; nothing of a deleted one."""
    said = NoteAdded(contact_id=note.contact_id, note_kind=note.kind, text=markdown.to_text(note.content))
    log = ContactActivity
    entry = sa.update(log).where(
        log.contact_id == note.contact_id, log.activity_type == NoteAdded.kind, log.subject_id == note.id
    )
    is_gone = note.deleted_at is not None
    title = f"{note.kind_label}, deleted" if is_gone else said.title
    values = {"title": title, "description": None if is_gone else said.description}
    db.session.execute(entry.values(**values), execution_options={"synchronize_session": False})


def _checked(content: str, kind: str) -> str:
    content = content.replace("\r\n", "\n").strip()
    problems = {}
    if not content:
        problems["content"] = "Write something."
    elif len(content) > LONGEST:
        problems["content"] = f"A note has at most {LONGEST:,} characters."
    if kind not in KINDS:
        problems["kind"] = "Choose one of the kinds."
    if problems:
        raise Refused(problems)
    return content
