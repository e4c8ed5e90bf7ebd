"""/contacts: adding, finding, changing and deleting."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import url_for
from flask_login import current_user

from crm.api.bodies import body, load
from crm.api.contact_shapes import ContactFields, ContactIn, ContactListArgs, ContactOut, errors_of, shown, values_of
from crm.api.many import answer_to_either, each_of, one_or_many
from crm.api.paging import paged
from crm.api.resource import Resource, actor
from crm.api.resources.contact_tags import put_on
from crm.api.shapes import page_of
from crm.audiences.queries import audience_by_ref, is_in_any
from crm.contacts.models import Contact
from crm.contacts.operations import TAKEN, TAKEN_ID, Refused, delete_contact, update_contact
from crm.contacts.queries import visible_contact, visible_contacts
from crm.contacts.search import found_by
from crm.contacts.upserting import upsert_contact
from crm.email.confirming import ask_to_confirm
from crm.lib.problems import Problem
from crm.tags.queries import tag_by_ref, wears_any
from crm.users.access import requires
from crm.users.models import User
from crm.users.queries import user_by_email

bp = Resource("contacts", "People, from first inquiry to alumni.")
CHANGED = "The contact with this address was changed; or, for a list, what became of each item."
EXAMPLE = {"email": "carla@example.com", "first_name": "Carla", "country": "ES", "tags": ["interested"]}


@bp.get("")
@requires("crm.contacts.view")
@bp.arguments(ContactListArgs, location="query")
@bp.response(200, page_of(ContactOut))
def index(args: dict[str, Any]) -> Any:
    """Contacts, newest first."""
    page = paged(_found(args), Contact, args)
    return {**page, "data": shown(page["data"])}


def _found(args: dict[str, Any]) -> sa.Select[tuple[Contact]]:
    found = visible_contacts(current_user)
    if args.get("q", "").strip():
        found = found.where(found_by(args["q"][:200]))
    if args.get("tag"):
        tags = [tag.id for ref in args["tag"][:50] if (tag := tag_by_ref(ref))]
        found = found.where(wears_any(tags) if tags else sa.false())
    if args.get("audience"):
        audiences = [each.id for ref in args["audience"][:50] if (each := audience_by_ref(ref))]
        found = found.where(is_in_any(audiences) if audiences else sa.false())
    if "owner" in args:
        found = found.where(_is_owner(args["owner"]))
    if "email" in args:
        found = found.where(Contact.email == args["email"].strip().lower())
    return found


def _is_owner(ref: str) -> sa.ColumnElement[bool]:
    if ref == "none":
        return Contact.owner_id.is_(None)
    if ref.isascii() and ref.isdigit() and len(ref) < 19:
        return Contact.owner_id == int(ref)
    user: User | None = user_by_email(ref)
    return Contact.owner_id == user.id if user else sa.false()


@bp.post("")
@requires("crm.contacts.edit")
@bp.doc(requestBody=one_or_many(ContactIn, EXAMPLE))
@bp.response(201, ContactOut, description="A contact was added.")
@bp.alt_response(200, schema=answer_to_either(ContactOut), description=CHANGED)
def save() -> Any:
    """Add a contact, or change the one with this email address; a list of up to 1,000 is answered item by item."""
    sent = body()
    if isinstance(sent, list):
        return each_of(sent, lambda each: _item(*_save(each)))
    contact, is_new = _save(sent)
    if not is_new:
        return shown([contact])[0], 200
    return shown([contact])[0], 201, {"Location": url_for(".show", contact_id=contact.id)}


def _save(item: Any) -> tuple[Contact, bool]:
    sent = load(ContactIn(), item)
    try:
        contact, is_new = upsert_contact(values_of(sent), current_user, actor())
    except Refused as refused:
        raise _problem(refused, sent) from None
    if sent.get("tags"):
        put_on(contact, sent["tags"])
    if is_new and sent.get("double_opt_in") and contact.email:
        ask_to_confirm(contact, actor().name)
    return contact, is_new


def _item(contact: Contact, is_new: bool) -> dict[str, Any]:
    return {"status": 201 if is_new else 200, "id": contact.id}


@bp.get("/<int:contact_id>")
@requires("crm.contacts.view")
@bp.response(200, ContactOut)
def show(contact_id: int) -> Any:
    """One contact."""
    return shown([visible_contact(current_user, contact_id)])[0]


@bp.patch("/<int:contact_id>")
@requires("crm.contacts.edit")
@bp.arguments(ContactFields)
@bp.response(200, ContactOut)
def change(sent: dict[str, Any], contact_id: int) -> Any:
    """Change some fields of a contact."""
    contact = visible_contact(current_user, contact_id, to_change=True)
    try:
        update_contact(contact, values_of(sent), actor())
    except Refused as refused:
        raise _problem(refused, sent) from None
    return shown([contact])[0]


@bp.delete("/<int:contact_id>")
@requires("crm.contacts.delete")
@bp.response(204)
def delete(contact_id: int) -> Any:
    """Delete a contact, with everything recorded about them. On screen it can be brought back, for as long as the school keeps what was deleted."""
    delete_contact(visible_contact(current_user, contact_id, to_change=True), actor())


def _problem(refused: Refused, sent: dict[str, Any]) -> Problem:
    is_taken = set(refused.problems.values()) <= {TAKEN, TAKEN_ID}
    return Problem(409 if is_taken else 422, str(refused) if is_taken else "", errors_of(refused.problems, sent))
