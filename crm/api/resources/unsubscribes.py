"""/unsubscribes: who wants no more marketing email."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import abort, request
from flask_login import current_user
from marshmallow import fields

from crm.api.paging import paged
from crm.api.resource import Resource, actor
from crm.api.shapes import ListArgs, Shape, an_id, id_parameter, moment, page_of, text
from crm.contacts.models import Contact
from crm.contacts.queries import scope, visible_contacts
from crm.database import db
from crm.lib.problems import Problem
from crm.preferences.models import EmailUnsubscribe
from crm.preferences.operations import unsubscribe
from crm.preferences.proof import Source
from crm.preferences.queries import in_force
from crm.users.access import requires

bp = Resource(
    "unsubscribes", "A history of who left the school's emails; those without `resubscribed_at` are in force."
)


class UnsubscribeIn(Shape):
    """Somebody who leaves."""

    email = text("The contact's address.", 255, 3, required=True)
    reason = text("Such as too_many.", 100)
    feedback = text("In their words.", 5000)


class UnsubscribeOut(Shape):
    """Somebody left."""

    id = an_id(required=True)
    contact_id = an_id(required=True, allow_none=True)
    email = fields.String(required=True)
    reason = fields.String(required=True, allow_none=True)
    feedback = fields.String(required=True, allow_none=True)
    unsubscribed_at = moment(required=True)
    resubscribed_at = moment(required=True, allow_none=True)


class UnsubscribeListArgs(ListArgs):
    """Which of them."""

    email = fields.String(metadata={"description": "Exactly this address."})
    contact = id_parameter("Of this contact.")
    in_force = fields.Boolean(metadata={"description": "Only those that hold now, or only those that ended."})


@bp.get("")
@requires("crm.contacts.view")
@bp.arguments(UnsubscribeListArgs, location="query")
@bp.response(200, page_of(UnsubscribeOut))
def index(args: dict[str, Any]) -> Any:
    """Who left, newest first."""
    found = _visible()
    if "email" in args:
        found = found.where(EmailUnsubscribe.email == args["email"].strip().lower())
    if "contact" in args:
        found = found.where(EmailUnsubscribe.contact_id == args["contact"])
    if "in_force" in args:
        ended = EmailUnsubscribe.resubscribed_at
        found = found.where(ended.is_(None) if args["in_force"] else ended.is_not(None))
    return paged(found, EmailUnsubscribe, args)


@bp.get("/<int:unsubscribe_id>")
@requires("crm.contacts.view")
@bp.response(200, UnsubscribeOut)
def show(unsubscribe_id: int) -> Any:
    """One of them."""
    return db.session.scalar(_visible().where(EmailUnsubscribe.id == unsubscribe_id)) or abort(404)


@bp.post("")
@requires("crm.contacts.edit")
@bp.arguments(UnsubscribeIn, example={"email": "carla@example.com", "reason": "too_many"})
@bp.response(201, UnsubscribeOut)
@bp.alt_response(200, schema=UnsubscribeOut, description="The address had left already.")
def create(sent: dict[str, Any]) -> Any:
    """Send no more marketing email to this address. Coming back is for the contact alone."""
    email = sent["email"].strip().lower()
    contact = db.session.scalar(visible_contacts(current_user).where(Contact.email == email))
    if contact is None:
        raise Problem(422, errors=[{"pointer": "/email", "detail": "No contact has this address."}])
    reason = sent.get("reason", "")
    source = Source("api", actor(), reason, request.remote_addr)
    is_new = unsubscribe(contact, email, actor(), reason=reason, feedback=sent.get("feedback", ""), source=source)
    return in_force(email), 201 if is_new else 200


def _visible() -> sa.Select[tuple[EmailUnsubscribe]]:
    """Those of contacts in the caller's sight; whoever sees all contacts also sees those whose contact is gone."""
    found = sa.select(EmailUnsubscribe)
    if not current_user.sees_assigned_only:
        return found
    return found.where(EmailUnsubscribe.contact_id.in_(sa.select(Contact.id).where(scope(current_user))))
