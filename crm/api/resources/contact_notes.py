"""/contacts/{id}/notes: what was written down about a contact."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import abort, url_for
from flask_login import current_user
from marshmallow import fields
from marshmallow.validate import OneOf

from crm.api.paging import paged
from crm.api.resource import Resource, actor
from crm.api.shapes import ListArgs, Shape, an_id, moment, page_of, text
from crm.contacts.queries import visible_contact
from crm.lib.problems import Problem
from crm.notes.models import KINDS, Note
from crm.notes.operations import LONGEST, Overtaken, Refused, add_note, delete_note, pin_note, update_note
from crm.notes.queries import visible_note
from crm.users.access import requires

bp = Resource("contacts/<int:contact_id>/notes", "What staff and programs wrote down about a contact.")


class NoteFields(Shape):
    """The fields of a note that may be changed. Those left out stay as they are."""

    content = text("Markdown. `@mo` tells Mo.", LONGEST, 1)
    kind = fields.String(validate=OneOf(list(KINDS)))
    is_pinned = fields.Boolean(metadata={"description": "Whether it stands before the others."})
    revision = fields.Integer(
        metadata={"description": "The revision the change is based on: 409 if it is not the newest."}
    )


class NoteIn(NoteFields):
    """A note to add."""

    content = text("Markdown. `@mo` tells Mo.", LONGEST, 1, required=True)


class NoteOut(Shape):
    """A note."""

    id = an_id(required=True)
    contact_id = an_id(required=True)
    kind = fields.String(required=True)
    content = fields.String(required=True)
    is_pinned = fields.Boolean(required=True)
    revision = fields.Integer(required=True)
    user_id = an_id("Who wrote it.", required=True, allow_none=True)
    author_name = fields.String(required=True)
    created_at = moment(required=True)
    updated_at = moment(required=True)


@bp.get("")
@requires("crm.contacts.view")
@bp.arguments(ListArgs, location="query")
@bp.response(200, page_of(NoteOut))
def index(args: dict[str, Any], contact_id: int) -> Any:
    """The contact's notes, newest first."""
    contact = visible_contact(current_user, contact_id)
    found = sa.select(Note).where(Note.contact_id == contact.id, Note.deleted_at.is_(None))
    return paged(found, Note, args)


@bp.post("")
@requires("crm.contacts.edit")
@bp.arguments(NoteIn, example={"content": "Would like to start in **May**.", "kind": "call"})
@bp.response(201, NoteOut)
def create(sent: dict[str, Any], contact_id: int) -> Any:
    """Write a note about the contact."""
    contact = visible_contact(current_user, contact_id)
    kind, is_pinned = sent.get("kind", "note"), sent.get("is_pinned", False)
    try:
        note = add_note(contact, sent["content"], actor(), kind, is_pinned=is_pinned)
    except Refused as refused:
        raise _problem(refused) from None
    return note, 201, {"Location": url_for(".show", contact_id=contact.id, note_id=note.id)}


@bp.get("/<int:note_id>")
@requires("crm.contacts.view")
@bp.response(200, NoteOut)
def show(contact_id: int, note_id: int) -> Any:
    """One note."""
    return _note(contact_id, note_id)


@bp.patch("/<int:note_id>")
@requires("crm.contacts.edit")
@bp.arguments(NoteFields)
@bp.response(200, NoteOut)
def change(sent: dict[str, Any], contact_id: int, note_id: int) -> Any:
    """Change a note of one's own, or pin one."""
    note = _note(contact_id, note_id)
    if {"content", "kind"} & set(sent):
        _check_right(note)
    try:
        update_note(note, sent.get("content", note.content), sent.get("kind", note.kind), actor(), sent.get("revision"))
    except Refused as refused:
        raise _problem(refused) from None
    except Overtaken:
        raise Problem(409) from None
    if "is_pinned" in sent:
        pin_note(note, sent["is_pinned"])
    return note


@bp.delete("/<int:note_id>")
@requires("crm.contacts.edit")
@bp.response(204)
def delete(contact_id: int, note_id: int) -> Any:
    """Delete a note of one's own. On screen it can be brought back for 30 days."""
    note = _note(contact_id, note_id)
    _check_right(note)
    delete_note(note)


def _note(contact_id: int, note_id: int) -> Note:
    note = visible_note(current_user, note_id)
    return note if note.contact_id == contact_id else abort(404)


def _check_right(note: Note) -> None:
    if not note.may_be_changed_by(current_user):
        raise Problem(403, "This note is somebody else's.")


def _problem(refused: Refused) -> Problem:
    return Problem(422, errors=[{"pointer": f"/{key}", "detail": each} for key, each in refused.problems.items()])
