"""Notes on a contact's page: the composer, the list, and one note that is looked at, changed, pinned and deleted."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from crm.contacts.models import Contact
from crm.contacts.queries import contact_meant, visible_contact
from crm.database import commit, rollback
from crm.lib.htmx import is_htmx, piece, triggering
from crm.lib.markdown import to_html
from crm.notes import operations, queries
from crm.notes.forms import EditNoteForm, NewNoteForm, NoteForm
from crm.notes.mentions import out_of_sight, who_can_be_mentioned
from crm.notes.models import Note
from crm.notes.operations import Overtaken, Refused
from crm.users.access import requires

bp = Blueprint("notes", __name__)
OVERTAKEN = "Somebody else changed this note while you were writing. Save again to replace their words."


@bp.get("/contacts/<int:contact_id>/composer")
@requires("crm.contacts.edit")
def composer(contact_id: int) -> Response:
    """What stands on top of the timeline: a note, or another thing one writes about a contact."""
    return _composer(visible_contact(current_user, contact_id))


@bp.get("/contacts/<int:contact_id>/notes")
@requires("crm.contacts.view")
def panel(contact_id: int) -> Response:
    """The contact's notes, pinned ones first; `at` asks for what is older than that place."""
    return _panel(visible_contact(current_user, contact_id), request.args.get("at"))


@bp.post("/contacts/<int:contact_id>/notes")
@requires("crm.contacts.edit")
def add(contact_id: int) -> ResponseReturnValue:
    """Write a note."""
    contact = visible_contact(current_user, contact_id)
    form = NoteForm()
    if not form.validate() or not _add(form, contact):
        return _composer(contact, form, 422)
    return triggering(_composer(contact), "contact-changed") if is_htmx() else redirect(_profile(contact.id))


@bp.route("/notes/new", methods=["GET", "POST"])
@requires("crm.contacts.edit")
def new() -> ResponseReturnValue:
    """Write a note about somebody to be found."""
    form = NewNoteForm()
    if form.validate_on_submit() and (contact := _meant(form)) and _add(form, contact):
        return redirect(_profile(contact.id))
    return render_template("notes/new.html", form=form), 422 if form.errors else 200


@bp.get("/contacts/<int:contact_id>/notes/<int:note_id>")
@requires("crm.contacts.view")
def show(contact_id: int, note_id: int) -> Response:
    """One note."""
    return _note(_visible(contact_id, note_id))


@bp.get("/notes/<int:note_id>")
@requires("crm.contacts.view")
def find(note_id: int) -> ResponseReturnValue:
    """On to the note, for who knows its number only."""
    note = queries.visible_note(current_user, note_id)
    return redirect(url_for(".show", contact_id=note.contact_id, note_id=note.id))


@bp.route("/contacts/<int:contact_id>/notes/<int:note_id>/edit", methods=["GET", "POST"])
@requires("crm.contacts.edit")
def edit(contact_id: int, note_id: int) -> ResponseReturnValue:
    """Change the words of a note."""
    note = _changeable(_visible(contact_id, note_id))
    if request.method == "GET":
        return _form(note, EditNoteForm(obj=note, seen=note.revision))
    form = EditNoteForm()
    if not form.validate():
        return _form(note, form, 422)
    try:
        operations.update_note(note, form.content.data, form.kind.data, current_user.actor, _number(form.seen.data))
    except Overtaken:
        rollback()
        form.content.errors = [OVERTAKEN]
        form.seen.data = str(note.revision)
        return _form(note, form, 409)
    except Refused as refused:
        _show(form, refused)
        return _form(note, form, 422)
    _warn(note.content, note.contact)
    return _changed(note)


@bp.route("/contacts/<int:contact_id>/notes/<int:note_id>/pin", methods=["POST", "DELETE"])
@requires("crm.contacts.edit")
def pin(contact_id: int, note_id: int) -> ResponseReturnValue:
    """Pin the note, or unpin it (DELETE; a form without JavaScript posts `undo`)."""
    note = _visible(contact_id, note_id)
    operations.pin_note(note, request.method == "POST" and not request.form.get("undo"))
    return _changed(note)


@bp.post("/contacts/<int:contact_id>/notes/<int:note_id>/deletion")
@requires("crm.contacts.edit")
def delete(contact_id: int, note_id: int) -> ResponseReturnValue:
    """Take the note away; the notice offers to bring it back."""
    note = _changeable(_visible(contact_id, note_id))
    operations.delete_note(note)
    commit()
    undo = url_for(".restore", contact_id=note.contact_id, note_id=note.id)
    flash({"text": f"The {note.kind_label.lower()} was deleted.", "undo_url": undo}, "good")  # type: ignore[arg-type]
    return redirect(_profile(contact_id), 303)


@bp.get("/contacts/<int:contact_id>/notes/deleted")
@requires("crm.contacts.edit")
def deleted(contact_id: int) -> str:
    """Notes deleted in the last thirty days."""
    contact = visible_contact(current_user, contact_id)
    notes = queries.deleted_notes(current_user, contact.id)
    return render_template("notes/deleted.html", contact=contact, notes=notes, to_html=to_html)


@bp.post("/contacts/<int:contact_id>/notes/<int:note_id>/restoration")
@requires("crm.contacts.edit")
def restore(contact_id: int, note_id: int) -> ResponseReturnValue:
    """Bring a deleted note back."""
    note = _changeable(_visible(contact_id, note_id, is_deleted=True))
    operations.restore_note(note)
    commit()
    flash("The note is back.", "good")
    return redirect(_profile(contact_id), 303)


def _visible(contact_id: int, note_id: int, *, is_deleted: bool = False) -> Note:
    note = queries.visible_note(current_user, note_id, is_deleted=is_deleted)
    return note if note.contact_id == contact_id else abort(404)


def _changeable(note: Note) -> Note:
    return note if note.may_be_changed_by(current_user) else abort(403)


def _add(form: NoteForm, contact: Contact) -> bool:
    try:
        operations.add_note(
            contact, form.content.data, current_user.actor, form.kind.data, is_pinned=form.is_pinned.data
        )
    except Refused as refused:
        return _show(form, refused)
    commit()
    _warn(form.content.data, contact)
    return True


def _warn(text: str, contact: Contact) -> None:
    """Say so when somebody is named who may not see the contact."""
    for each in out_of_sight(text, contact):
        flash(f"{each.name} may not see {contact.name}, and so was not told.", "warning")


def _show(form: NoteForm | EditNoteForm, refused: Refused) -> bool:
    rollback()
    for name, problem in refused.problems.items():
        form[name].errors = [*form[name].errors, problem]
    return False


def _changed(note: Note) -> ResponseReturnValue:
    """The note after a change, which the timeline beside it shows too."""
    commit()
    return triggering(_note(note), "contact-changed") if is_htmx() else redirect(_profile(note.contact_id), 303)


def _composer(contact: Contact, form: NoteForm | None = None, status: int = 200) -> Response:
    values = {"form": form or NoteForm(formdata=None), "people": [each.name for each in who_can_be_mentioned(contact)]}
    composers = current_app.extensions["composers"]
    return _piece("_composer.html", "Write a note", contact, status, contact=contact, composers=composers, **values)


def _panel(contact: Contact, at: str | None) -> Response:
    page = queries.notes_of(contact.id, at)
    template = "_rows.html" if at and is_htmx() else "_panel.html"
    return _piece(template, f"Notes about {contact.name}", contact, contact=contact, page=page, to_html=to_html)


def _note(note: Note) -> Response:
    return _piece(
        "_note.html", f"{note.kind_label} about {note.contact.name}", note.contact, note=note, to_html=to_html
    )


def _form(note: Note, form: EditNoteForm, status: int = 200) -> Response:
    people = [each.name for each in who_can_be_mentioned(note.contact)]
    form.content.id, form.kind.id = f"words-{note.id}", f"kind-{note.id}"
    return _piece(
        "_form.html", f"Edit {note.kind_label.lower()}", note.contact, status, note=note, form=form, people=people
    )


def _piece(template: str, title: str, about: Contact, status: int = 200, **values: Any) -> Response:
    return piece(f"notes/{template}", title, _profile(about.id), status, **values)


def _profile(contact_id: int) -> str:
    return url_for("contacts.show", contact_id=contact_id)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 10 else None


def _meant(form: NewNoteForm) -> Contact | None:
    try:
        return contact_meant(current_user, form.contact.data)
    except ValueError as error:
        form.contact.errors = [*form.contact.errors, str(error)]
        return None
