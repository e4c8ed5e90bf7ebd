"""The profile of a contact: its page, its fields, each edited in place at its own address, and its deletion.

These views belong to the blueprint of `routes`.
"""

from __future__ import annotations

from typing import Any

from flask import Response, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf import FlaskForm

from crm.contacts.fieldset import Detail, detail_named, details_for
from crm.contacts.forms import form_of, show_problems, values_of
from crm.contacts.models import Contact
from crm.contacts.operations import Overtaken, Refused, delete_contact, update_contact
from crm.contacts.queries import visible_contact, what_goes_with
from crm.contacts.routes import bp, twin_link
from crm.database import commit, rollback
from crm.lib.htmx import is_htmx, piece, triggering
from crm.users.access import requires

FIELD = "/<int:contact_id>/fields/<key>"
OVERTAKEN = "Somebody else changed this to “{}” while you were writing. Save again to replace it."


@bp.get("/<int:contact_id>")
@requires("crm.contacts.view")
def show(contact_id: int) -> ResponseReturnValue:
    """The profile; what other features know of the contact loads itself."""
    contact = visible_contact(current_user, contact_id)
    panels = [each for each in current_app.extensions["contact_panels"] if current_user.can(each.permission)]
    details, may_edit = details_for(current_user), current_user.can("crm.contacts.edit")
    groups = [(group, [each for each in details if each.group == group]) for group in ("Details", "More", "Origin")]
    return render_template("contacts/show.html", contact=contact, groups=groups, may_edit=may_edit, panels=panels)


@bp.get(FIELD)
@requires("crm.contacts.edit")
def edit_field(contact_id: int, key: str) -> ResponseReturnValue:
    """The form of the field."""
    detail, contact = _detail(key), visible_contact(current_user, contact_id)
    text = detail.text_of(contact)
    return _form(contact, detail, form_of([detail])(data={key: detail.form_value(contact)}), seen=text)


@bp.get(f"{FIELD}/value")
@requires("crm.contacts.edit")
def show_field(contact_id: int, key: str) -> ResponseReturnValue:
    """The field's value, as it stands on the profile."""
    return _value(visible_contact(current_user, contact_id), _detail(key))


@bp.post(FIELD)
@requires("crm.contacts.edit")
def save_field(contact_id: int, key: str) -> ResponseReturnValue:
    """Change the field, unless it cannot be or somebody else was quicker."""
    detail, contact = _detail(key), visible_contact(current_user, contact_id, to_change=True)
    form, seen = form_of([detail])(), request.form.get("seen")
    try:
        update_contact(contact, values_of(form, [detail]), current_user.actor, {} if seen is None else {key: seen})
    except Refused as refused:
        rollback()
        show_problems(form, refused.problems)
        return _form(contact, detail, form, 422, seen=seen, twin_url=twin_link(refused))
    except Overtaken:
        rollback()
        show_problems(form, {key: OVERTAKEN.format(detail.words_for(detail.value_of(contact)) or "nothing")})
        return _form(contact, detail, form, 409, seen=detail.text_of(contact))
    commit()
    if not is_htmx():
        return redirect(f"{_profile(contact)}#{detail.place}")
    return triggering(_value(contact, detail, saved=True), "contact-changed")


@bp.get("/<int:contact_id>/deletion")
@requires("crm.contacts.delete")
def ask_deletion(contact_id: int) -> ResponseReturnValue:
    """Says what would go with the contact."""
    contact = visible_contact(current_user, contact_id)
    return render_template("contacts/deletion.html", contact=contact, losses=what_goes_with(contact))


@bp.post("/<int:contact_id>/deletion")
@requires("crm.contacts.delete")
def delete(contact_id: int) -> Response:
    """Delete the contact; it can be brought back for a while."""
    contact = visible_contact(current_user, contact_id, to_change=True)
    name = contact.name
    kept = delete_contact(contact, current_user.actor)
    commit()
    undo_url = url_for("recently_deleted.restore", record_id=kept.id)
    flash({"text": f"{name} was deleted.", "undo_url": undo_url}, "good")  # type: ignore[arg-type]
    return redirect(url_for(".index"))  # type: ignore[return-value]


def _detail(key: str) -> Detail:
    detail = detail_named(key)
    if detail is None or (detail.is_for_all_seeing and current_user.sees_assigned_only):
        abort(404)
    return detail


def _form(contact: Contact, detail: Detail, form: FlaskForm, status: int = 200, **values: Any) -> Response:
    title = f"{detail.label} of {contact.name}"
    template = "contacts/_field_form.html"
    return piece(template, title, _profile(contact), status, contact=contact, detail=detail, form=form, **values)


def _value(contact: Contact, detail: Detail, saved: bool = False) -> Response:
    title = f"{detail.label} of {contact.name}"
    return piece("contacts/_field.html", title, _profile(contact), contact=contact, detail=detail, saved=saved)


def _profile(contact: Contact) -> str:
    return url_for("contacts.show", contact_id=contact.id)
