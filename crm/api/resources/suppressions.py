"""/suppressions: addresses nothing is sent to."""

from __future__ import annotations

from typing import Any

from flask import abort
from flask_login import current_user
from marshmallow import fields, validate

from crm.api.paging import paged
from crm.api.resource import Resource, actor
from crm.api.shapes import ListArgs, Shape, an_id, moment, page_of, text
from crm.database import db
from crm.delivery.models import SUPPRESSED_FOR, Suppression
from crm.delivery.suppressing import add_by_hand, check_address
from crm.delivery.suppression_list import suppression_of, visible_suppressions
from crm.lib.problems import Problem
from crm.users.access import requires

bp = Resource(
    "suppressions", "Addresses nothing is sent to, and why. They are let go of on the page alone, with a reason."
)
KINDS = [each for each in SUPPRESSED_FOR if each != "erased"]


class SuppressionIn(Shape):
    """An address to suppress."""

    email = text("The address.", 255, 3, required=True)
    reason = text("For those who wonder later.", 255)


class SuppressionOut(Shape):
    """A suppressed address."""

    id = an_id(required=True)
    email = fields.String(attribute="address", required=True)
    kind = fields.String(required=True, metadata={"enum": KINDS})
    reason = fields.String(required=True)
    source = fields.String(required=True, metadata={"description": "The carrier, file or person that said so."})
    message_id = an_id(attribute="email_message_id", required=True, allow_none=True)
    created_at = moment(required=True)


class SuppressionListArgs(ListArgs):
    """Which of them."""

    email = fields.String(metadata={"description": "Exactly this address."})
    kind = fields.String(validate=validate.OneOf(KINDS), metadata={"description": "For this reason."})


@bp.get("")
@requires("crm.broadcasts.view")
@bp.arguments(SuppressionListArgs, location="query")
@bp.response(200, page_of(SuppressionOut))
def index(args: dict[str, Any]) -> Any:
    """The addresses, newest first."""
    found = visible_suppressions(current_user)
    if "email" in args:
        found = found.where(Suppression.address == args["email"].strip().lower())
    if "kind" in args:
        found = found.where(Suppression.kind == args["kind"])
    return paged(found, Suppression, args)


@bp.get("/<int:suppression_id>")
@requires("crm.broadcasts.view")
@bp.response(200, SuppressionOut)
def show(suppression_id: int) -> Any:
    """One of them."""
    return db.session.scalar(visible_suppressions(current_user).where(Suppression.id == suppression_id)) or abort(404)


@bp.post("")
@requires("crm.broadcasts.send")
@bp.arguments(SuppressionIn, example={"email": "carla@example.com", "reason": "Asked us by phone"})
@bp.response(201, SuppressionOut)
@bp.alt_response(200, schema=SuppressionOut, description="The address was suppressed already.")
def create(sent: dict[str, Any]) -> Any:
    """Send nothing to this address any more."""
    try:
        check_address(sent["email"])
    except ValueError as error:
        raise Problem(422, errors=[{"pointer": "/email", "detail": str(error)}]) from None
    is_new = add_by_hand(sent["email"], sent.get("reason", ""), actor())
    return suppression_of(sent["email"].strip()), 201 if is_new else 200
