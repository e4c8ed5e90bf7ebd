"""/tags."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import abort, url_for
from marshmallow import fields
from marshmallow.validate import OneOf

from crm.api.paging import paged
from crm.api.resource import Resource, actor
from crm.api.shapes import ListArgs, Shape, an_id, moment, page_of, text
from crm.conditions.mentions import uses_of
from crm.database import db
from crm.lib.problems import Problem
from crm.tags.models import COLORS, Tag
from crm.tags.operations import Refused, create_tag, delete_tag, update_tag
from crm.tags.queries import mentioned, tag_by_ref
from crm.users.access import requires

bp = Resource("tags", "Labels that contacts wear.")


class TagFields(Shape):
    """The fields of a tag that may be changed. Its slug stays."""

    name = text("Unique, whatever its case.", 100, 1)
    color = fields.String(validate=OneOf(COLORS))
    description = text("What it is for.", 2000, allow_none=True)


class TagIn(TagFields):
    """A tag to make."""

    name = text("Unique, whatever its case.", 100, 1, required=True)


class TagOut(Shape):
    """A tag."""

    id = an_id(required=True)
    name = fields.String(required=True)
    slug = fields.String(required=True, metadata={"description": "Its stable name for conditions and this API."})
    color = fields.String(required=True)
    description = fields.String(required=True, allow_none=True)
    created_at = moment(required=True)
    updated_at = moment(required=True)


class TagListArgs(ListArgs):
    """Which tags."""

    slug = fields.String(metadata={"description": "Exactly this one."})


class TagDeletion(Shape):
    """How a tag is deleted."""

    error_messages = {"unknown": "There is no such parameter."}

    replacement = fields.String(metadata={"description": "Slug or id of a tag that its wearers get instead."})
    force = fields.Boolean(load_default=False, metadata={"description": "Even if workflows speak of it."})


@bp.get("")
@requires("crm.contacts.view")
@bp.arguments(TagListArgs, location="query")
@bp.response(200, page_of(TagOut))
def index(args: dict[str, Any]) -> Any:
    """Tags, newest first."""
    found = sa.select(Tag)
    return paged(found.where(Tag.slug == args["slug"]) if "slug" in args else found, Tag, args)


@bp.post("")
@requires("crm.tags.manage")
@bp.arguments(TagIn, example={"name": "Interested", "color": "blue"})
@bp.response(201, TagOut)
def create(sent: dict[str, Any]) -> Any:
    """Make a tag."""
    try:
        tag = create_tag(sent["name"], sent.get("color", "gray"), sent.get("description") or "", actor())
    except Refused as refused:
        raise _problem(refused) from None
    return tag, 201, {"Location": url_for(".show", tag_id=tag.id)}


@bp.get("/<int:tag_id>")
@requires("crm.contacts.view")
@bp.response(200, TagOut)
def show(tag_id: int) -> Any:
    """One tag."""
    return _tag(tag_id)


@bp.patch("/<int:tag_id>")
@requires("crm.tags.manage")
@bp.arguments(TagFields)
@bp.response(200, TagOut)
def change(sent: dict[str, Any], tag_id: int) -> Any:
    """Rename, recolour or describe a tag."""
    tag = _tag(tag_id)
    now = {"name": tag.name, "color": tag.color, "description": tag.description, **sent}
    try:
        update_tag(tag, now["name"], now["color"], now["description"] or "")
    except Refused as refused:
        raise _problem(refused) from None
    return tag


@bp.delete("/<int:tag_id>")
@requires("crm.tags.manage")
@bp.arguments(TagDeletion, location="query")
@bp.response(204)
def delete(args: dict[str, Any], tag_id: int) -> Any:
    """Delete a tag, taking it off everybody. What still speaks of it is named (409), unless a `replacement` takes its place or `force` is set."""
    tag, ref = _tag(tag_id), args.get("replacement")
    replacement = tag_by_ref(ref)
    if ref and (replacement is None or replacement is tag):
        raise Problem(422, errors=[{"parameter": "replacement", "detail": "There is no such other tag."}])
    uses = [use.label for use in uses_of(mentioned(tag))]
    if uses and not replacement and not args["force"]:
        raise Problem(409, f"The tag is in use: {', '.join(uses)[:500]}.")
    delete_tag(tag, actor(), replacement)


def _tag(tag_id: int) -> Tag:
    return db.session.get(Tag, tag_id) or abort(404)


def _problem(refused: Refused) -> Problem:
    return Problem(422, errors=[{"pointer": f"/{key}", "detail": text} for key, text in refused.problems.items()])
