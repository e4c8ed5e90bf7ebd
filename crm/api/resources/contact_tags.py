"""/contacts/{id}/tags: what a contact wears."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_login import current_user
from marshmallow import fields
from marshmallow.validate import Length

from crm.api.resource import Resource, actor
from crm.api.resources.tags import TagOut
from crm.api.shapes import Shape, text
from crm.contacts.models import Contact
from crm.contacts.queries import visible_contact
from crm.lib.problems import Problem
from crm.tags.models import Tag
from crm.tags.operations import Refused, add_tag, ensure_tag, remove_tag
from crm.tags.queries import tag_by_ref, tag_named, tags_of
from crm.users.access import requires

bp = Resource("contacts/<int:contact_id>/tags", "The tags a contact wears.")
UNKNOWN = "There is no such tag."


class TagsIn(Shape):
    """Tags to put on a contact."""

    tags = fields.List(
        text("A slug or name.", 100),
        required=True,
        validate=Length(1, 50),
        metadata={"description": "Slugs. New tags are made for those who manage tags."},
    )


class WornOut(Shape):
    """The tags a contact wears."""

    data = fields.List(fields.Nested(TagOut), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


@bp.get("")
@requires("crm.contacts.view")
@bp.response(200, WornOut)
def index(contact_id: int) -> Any:
    """The contact's tags, by name."""
    return _worn(visible_contact(current_user, contact_id))


@bp.post("")
@requires("crm.contacts.edit")
@bp.arguments(TagsIn, example={"tags": ["interested"]})
@bp.response(200, WornOut)
def add(sent: dict[str, Any], contact_id: int) -> Any:
    """Put tags on the contact. One that is worn already stays."""
    contact = visible_contact(current_user, contact_id, to_change=True)
    put_on(contact, sent["tags"])
    return _worn(contact)


@bp.delete("/<slug>")
@requires("crm.contacts.edit")
@bp.response(204)
def remove(contact_id: int, slug: str) -> Any:
    """Take a tag off the contact. One that is not worn is no error."""
    contact = visible_contact(current_user, contact_id, to_change=True)
    tag = tag_by_ref(slug)
    if tag is None:
        raise Problem(404, UNKNOWN)
    remove_tag(contact, tag, actor())


def put_on(contact: Contact, refs: Sequence[str]) -> None:
    """Put these tags on. Raises Problem for those that cannot be, and then none is put on."""
    for place, ref in enumerate(refs):
        try:
            add_tag(contact, _tag(ref), actor())
        except Refused as refused:
            raise Problem(422, errors=[{"pointer": f"/tags/{place}", "detail": str(refused)}]) from None


def _tag(ref: str) -> Tag:
    if current_user.can("crm.tags.manage"):
        return ensure_tag(ref, actor())
    tag = tag_by_ref(ref) or tag_named(ref)
    if tag is None:
        raise Refused({"tag": UNKNOWN})
    return tag


def _worn(contact: Contact) -> dict[str, Any]:
    return {"data": tags_of([contact.id])[contact.id], "next_cursor": None}
