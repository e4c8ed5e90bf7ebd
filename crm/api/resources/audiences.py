"""/audiences: groups of contacts, and whom a condition means."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import abort, url_for
from flask_login import current_user
from marshmallow import fields
from marshmallow.validate import Length, OneOf

from crm.api.bodies import body
from crm.api.contact_shapes import ContactOut, shown
from crm.api.paging import paged
from crm.api.resource import Resource, actor
from crm.api.shapes import MOST, ListArgs, Shape, an_id, moment, page_of, text
from crm.audiences.models import KINDS, Audience
from crm.audiences.operations import (
    Refused,
    add_to_audience,
    create_audience,
    delete_audience,
    remove_from_audience,
    update_audience,
)
from crm.audiences.queries import audience_by_ref, member_counts, mentioned
from crm.conditions.compiler import compile_condition
from crm.conditions.mentions import uses_of
from crm.conditions.reading import validate
from crm.contacts.models import Contact
from crm.contacts.queries import scope, visible_contacts, visible_ids
from crm.database import db
from crm.lib.problems import Problem
from crm.users.access import requires

bp = Resource("audiences", "Groups of contacts.")
SAMPLE = 10
EXAMPLE = {"match": "all", "conditions": [{"field": "country", "operator": "equals", "value": "ES"}]}


class AudienceFields(Shape):
    """The fields of an audience that may be changed. Its slug and kind stay."""

    name = text("Unique, whatever its case.", 100, 1)
    description = text("What it is for.", 2000, allow_none=True)
    condition = fields.Raw(metadata={"description": "Whom a dynamic audience means.", "type": "object"})


class AudienceIn(AudienceFields):
    """An audience to make."""

    name = text("Unique, whatever its case.", 100, 1, required=True)
    kind = fields.String(
        validate=OneOf(list(KINDS)), metadata={"description": "Dynamic if there is a condition, else static."}
    )


class AudienceOut(Shape):
    """An audience."""

    id = an_id(required=True)
    name = fields.String(required=True)
    slug = fields.String(required=True, metadata={"description": "Its stable name for conditions and this API."})
    description = fields.String(required=True, allow_none=True)
    kind = fields.String(required=True, metadata={"enum": list(KINDS)})
    condition = fields.Dict(required=True, allow_none=True)
    count = fields.Integer(
        required=True, metadata={"description": "Members you may see; list them by /contacts?audience=."}
    )
    refreshed_at = moment("The moment its members are true of.", required=True, allow_none=True)
    created_at = moment(required=True)
    updated_at = moment(required=True)


class AudienceListArgs(ListArgs):
    """Which audiences."""

    kind = fields.String(validate=OneOf(list(KINDS)))
    slug = fields.String(metadata={"description": "Exactly this one."})


class AudienceDeletion(Shape):
    """How an audience is deleted."""

    error_messages = {"unknown": "There is no such parameter."}

    force = fields.Boolean(load_default=False, metadata={"description": "Even if something speaks of it."})


class MembersIn(Shape):
    """Contacts to put in or take out."""

    contact_ids = fields.List(an_id(), required=True, validate=Length(1, MOST))


class MembersOut(Shape):
    """Whose membership changed."""

    changed = fields.List(fields.Integer(), required=True)
    strangers = fields.List(
        fields.Integer(), required=True, data_key="unknown", metadata={"description": "Those who are no contacts."}
    )


class Condition(Shape):
    """Which contacts are meant. Fields and operators are listed by /workflows/types; groups may nest."""

    match = fields.String(metadata={"enum": ["all", "any"]})
    conditions = fields.List(fields.Dict(), required=True, metadata={"description": "Clauses, or groups like this."})


class PreviewOut(Shape):
    """Whom a condition means."""

    count = fields.Integer(required=True, metadata={"description": "How many of the contacts you may see."})
    sample = fields.List(fields.Nested(ContactOut), required=True, metadata={"description": "The ten newest of them."})


@bp.get("")
@requires("crm.contacts.view")
@bp.arguments(AudienceListArgs, location="query")
@bp.response(200, page_of(AudienceOut))
def index(args: dict[str, Any]) -> Any:
    """Audiences, newest first."""
    found = sa.select(Audience).filter_by(**{key: args[key] for key in ("kind", "slug") if key in args})
    page = paged(found, Audience, args)
    return {**page, "data": _shown(page["data"])}


@bp.post("")
@requires("crm.audiences.manage")
@bp.arguments(AudienceIn, example={"name": "Spain", "condition": EXAMPLE})
@bp.response(201, AudienceOut)
def create(sent: dict[str, Any]) -> Any:
    """Make an audience. A dynamic one is filled by the worker, in a moment."""
    kind = sent.get("kind") or ("dynamic" if sent.get("condition") is not None else "static")
    try:
        audience = create_audience(sent["name"], kind, _condition(sent, kind), sent.get("description") or "", actor())
    except Refused as refused:
        raise _problem(refused) from None
    return _shown([audience])[0], 201, {"Location": url_for(".show", audience_id=audience.id)}


@bp.get("/<int:audience_id>")
@requires("crm.contacts.view")
@bp.response(200, AudienceOut)
def show(audience_id: int) -> Any:
    """One audience."""
    return _shown([_audience(audience_id)])[0]


@bp.patch("/<int:audience_id>")
@requires("crm.audiences.manage")
@bp.arguments(AudienceFields)
@bp.response(200, AudienceOut)
def change(sent: dict[str, Any], audience_id: int) -> Any:
    """Rename an audience, describe it, or change its condition."""
    audience = _audience(audience_id)
    now = {key: sent.get(key, getattr(audience, key)) for key in ("name", "description")}
    condition = _condition(sent, audience.kind) if "condition" in sent else audience.condition
    try:
        update_audience(audience, now["name"], condition, now["description"] or "")
    except Refused as refused:
        raise _problem(refused) from None
    return _shown([audience])[0]


@bp.delete("/<int:audience_id>")
@requires("crm.audiences.manage")
@bp.arguments(AudienceDeletion, location="query")
@bp.response(204)
def delete(args: dict[str, Any], audience_id: int) -> Any:
    """Delete an audience. What still speaks of it is named (409) unless `force` is set."""
    audience = _audience(audience_id)
    uses = [use.label for use in uses_of(mentioned(audience))]
    if uses and not args["force"]:
        raise Problem(409, f"The audience is in use: {', '.join(uses)[:500]}.")
    delete_audience(audience)


@bp.post("/<int:audience_id>/members")
@requires("crm.contacts.edit")
@bp.arguments(MembersIn, example={"contact_ids": [1, 2]})
@bp.response(200, MembersOut)
def add_members(sent: dict[str, Any], audience_id: int) -> Any:
    """Put contacts into a static audience. Those who are in it stay."""
    return _change_members(add_to_audience, audience_id, sent["contact_ids"])


@bp.delete("/<int:audience_id>/members/<int:contact_id>")
@requires("crm.contacts.edit")
@bp.response(204)
def remove_member(audience_id: int, contact_id: int) -> Any:
    """Take a contact out of a static audience. One who is not in it is no error."""
    if not visible_ids(current_user, [contact_id]):
        abort(404)
    _change_members(remove_from_audience, audience_id, [contact_id])


@bp.post("/preview")
@requires("crm.contacts.view", reads=True)
@bp.doc(requestBody={"required": True, "content": {"application/json": {"schema": Condition, "example": EXAMPLE}}})
@bp.response(200, PreviewOut)
def preview() -> Any:
    """How many contacts a condition means, and some of them. Nothing is kept."""
    meant = compile_condition(checked(body()))
    count = db.session.scalar(sa.select(sa.func.count()).select_from(Contact).where(meant, scope(current_user)))
    newest = visible_contacts(current_user).where(meant).order_by(Contact.id.desc()).limit(SAMPLE)
    return {"count": count, "sample": shown(db.session.scalars(newest).all())}


def checked(condition: Any, pointer: str = "") -> Any:
    """The condition, if it can be understood. Raises Problem with each clause that cannot, by JSON pointer."""
    problems = validate(condition)
    if problems:
        raise Problem(422, errors=[{"pointer": pointer + each.pointer, "detail": each.message} for each in problems])
    return condition


def _change_members(verb: Any, audience_id: int, contact_ids: list[int]) -> dict[str, list[int]]:
    known = visible_ids(current_user, contact_ids)
    try:
        changed = verb(_audience(audience_id), known, actor())
    except Refused as refused:
        raise Problem(409, str(refused)) from None
    return {"changed": sorted(changed), "strangers": sorted(set(contact_ids) - set(known))}


def _condition(sent: dict[str, Any], kind: str) -> Any:
    """The condition that was sent. Raises Problem if it cannot be understood, or a static audience is to have one."""
    condition = sent.get("condition")
    if kind == "dynamic":
        return checked(condition, "/condition")
    if condition is not None:
        raise Problem(422, errors=[{"pointer": "/condition", "detail": "A static audience has no condition."}])
    return None


def _audience(audience_id: int) -> Audience:
    return audience_by_ref(audience_id) or abort(404)


def _shown(audiences: Any) -> list[dict[str, Any]]:
    counts = member_counts(audiences, current_user)
    names = [name for name in AudienceOut._declared_fields if name != "count"]
    return [{**{name: getattr(each, name) for name in names}, "count": counts[each.id]} for each in audiences]


def _problem(refused: Refused) -> Problem:
    return Problem(422, errors=[{"pointer": f"/{key}", "detail": each} for key, each in refused.problems.items()])
