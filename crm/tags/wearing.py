"""Putting tags on contacts and taking them off: on the profile, and for the chosen contacts of the list."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from crm.activity.vocabulary import Actor
from crm.contacts.models import Contact
from crm.contacts.queries import visible_contact, visible_ids
from crm.database import commit, rollback
from crm.lib.htmx import is_htmx, piece, triggering
from crm.tags.models import Tag
from crm.tags.operations import Refused, add_tag, ensure_tag, remove_tag, tag_contacts, untag_contacts
from crm.tags.queries import all_tags, tag_by_ref, tag_named, tags_of
from crm.users.access import requires

bp = Blueprint("tagging", __name__, url_prefix="/contacts")
UNKNOWN = "There is no such tag. Choose one of the list."


@bp.get("/<int:contact_id>/tags")
@requires("crm.contacts.view")
def panel(contact_id: int) -> ResponseReturnValue:
    """The contact's tags and the field that adds one."""
    return _panel(visible_contact(current_user, contact_id))


@bp.post("/<int:contact_id>/tags")
@requires("crm.contacts.edit")
def add(contact_id: int) -> ResponseReturnValue:
    """Add a tag by name; those who manage tags make new ones on the way."""
    contact = visible_contact(current_user, contact_id, to_change=True)
    try:
        add_tag(contact, _named(request.form.get("tag", "")), current_user.actor)
    except Refused as refused:
        rollback()
        return _panel(contact, 422, str(refused), request.form.get("tag", ""))
    commit()
    return _changed(contact)


@bp.post("/<int:contact_id>/tags/<int:tag_id>/removal")
@requires("crm.contacts.edit")
def remove(contact_id: int, tag_id: int) -> ResponseReturnValue:
    """Take a tag off the contact."""
    contact = visible_contact(current_user, contact_id, to_change=True)
    if tag := tag_by_ref(tag_id):
        remove_tag(contact, tag, current_user.actor)
        commit()
    return _changed(contact)


@bp.post("/taggings")
@requires("crm.contacts.edit")
def add_to_many() -> ResponseReturnValue:
    """Tag the chosen contacts. Contacts this viewer may not see are left alone."""
    return _bulk(tag_contacts, "was added to", "All of them have “{}” already.", "tagging.remove_from_many")


@bp.post("/taggings/removal")
@requires("crm.contacts.edit")
def remove_from_many() -> ResponseReturnValue:
    """Take a tag off the chosen contacts."""
    return _bulk(untag_contacts, "was taken off", "None of them has “{}”.", "tagging.add_to_many")


def _bulk(
    operation: Callable[[Tag, list[int], Actor], list[int]], what: str, nothing: str, undo: str
) -> ResponseReturnValue:
    back = _back()
    try:
        tag = _named(request.values.get("tag", ""), may_make=operation is tag_contacts)
    except Refused as refused:
        rollback()
        flash(str(refused), "bad")
        return redirect(back)
    changed = operation(tag, visible_ids(current_user, request.values.getlist("ids", type=int)), current_user.actor)
    commit()
    if not changed:
        flash(nothing.format(tag.name), "info")
        return redirect(back)
    people = f"{len(changed):,} contact{'' if len(changed) == 1 else 's'}"
    flash({"text": f"“{tag.name}” {what} {people}.", "undo_url": _undo(undo, tag, changed)}, "good")
    return redirect(back)


def _back() -> str:
    """The list as it was, which the form carries; nothing that is not the list."""
    back, top = request.form.get("back", ""), url_for("contacts.index")
    return back if back.startswith(f"{top}?") else top


def _undo(endpoint: str, tag: Tag, ids: list[int]) -> str | None:
    return url_for(endpoint, tag=tag.slug, ids=ids) if ids else None


def _named(text: str, may_make: bool = True) -> Tag:
    """The tag meant by what was typed, made if need be and allowed. Raises Refused."""
    text = text.strip()
    if not text:
        raise Refused({"tag": "Write which tag."})
    if may_make and current_user.can("crm.tags.manage"):
        return ensure_tag(text, current_user.actor)
    tag = tag_by_ref(text) or tag_named(text)
    if tag is None:
        raise Refused({"tag": UNKNOWN})
    return tag


def _panel(contact: Contact, status: int = 200, problem: str = "", typed: str = "") -> Response:
    worn = tags_of([contact.id])[contact.id]
    left = [each for each in all_tags() if each not in worn]
    title, back = f"Tags of {contact.name}", url_for("contacts.show", contact_id=contact.id)
    values = {"contact": contact, "worn": worn, "left": left, "problem": problem, "typed": typed}
    return piece("tags/_panel.html", title, back, status, **values)


def _changed(contact: Contact) -> ResponseReturnValue:
    if is_htmx():
        return triggering(_panel(contact), "contact-changed")
    return redirect(url_for("contacts.show", contact_id=contact.id))
