"""/messages: what was sent, and what became of it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import abort
from flask_login import current_user
from marshmallow import fields
from marshmallow.validate import OneOf

from crm.api.paging import paged
from crm.api.resource import Resource
from crm.api.shapes import ListArgs, Shape, an_id, id_parameter, moment, page_of
from crm.delivery.models import STATUSES
from crm.email.models import EmailMessage
from crm.email.queries import message, visible_messages
from crm.users.access import requires

bp = Resource("messages", "Messages to contacts: each is here before it is sent, and stays as the record of it.")
SAID_HERE = {"channel", "broadcast_id"}
"""What a row does not say by a column of this name."""
CHANNELS = ("email", "sms", "whatsapp", "in_app")


class MessageListArgs(ListArgs):
    """Which messages."""

    contact = id_parameter("To this contact.")
    broadcast = id_parameter("Of this broadcast.")
    channel = fields.String(validate=OneOf(CHANNELS))
    status = fields.String(validate=OneOf(list(STATUSES)))


class MessageOut(Shape):
    """A message."""

    id = an_id(required=True)
    channel = fields.String(required=True)
    contact_id = an_id(required=True, allow_none=True)
    to_address = fields.String(required=True, allow_none=True)
    subject = fields.String(required=True, allow_none=True)
    purpose = fields.String(required=True, metadata={"description": "What it was sent for."})
    template_id = an_id(required=True, allow_none=True)
    broadcast_id = an_id(required=True, allow_none=True)
    status = fields.String(required=True, metadata={"enum": list(STATUSES)})
    reason = fields.String(required=True, allow_none=True, metadata={"description": "Why it has this status."})
    attempts = fields.Integer(required=True)
    due_at = moment(required=True)
    sent_at = moment(required=True, allow_none=True)
    opened_at = moment("By a person; programs that open mail do not count.", required=True, allow_none=True)
    opened_count = fields.Integer(required=True)
    clicked_at = moment(required=True, allow_none=True)
    clicked_count = fields.Integer(required=True)
    bounced_at = moment(required=True, allow_none=True)
    unsubscribed_at = moment(required=True, allow_none=True)
    created_at = moment(required=True)


@bp.get("")
@requires("crm.broadcasts.view")
@bp.arguments(MessageListArgs, location="query")
@bp.response(200, page_of(MessageOut))
def index(args: dict[str, Any]) -> Any:
    """Messages, newest first."""
    found = visible_messages(current_user)
    if "contact" in args:
        found = found.where(EmailMessage.contact_id == args["contact"])
    if "broadcast" in args:
        found = found.where(EmailMessage.purpose == "broadcast", EmailMessage.parent_id == args["broadcast"])
    if "status" in args:
        found = found.where(EmailMessage.status == args["status"])
    if args.get("channel", "email") != "email":
        found = found.where(sa.false())
    page = paged(found, EmailMessage, args)
    return {**page, "data": [_shown(each) for each in page["data"]]}


@bp.get("/<int:message_id>")
@requires("crm.broadcasts.view")
@bp.response(200, MessageOut)
def show(message_id: int) -> Any:
    """One message."""
    return _shown(message(current_user, message_id) or abort(404))


def _shown(each: EmailMessage) -> dict[str, Any]:
    shown = {key: getattr(each, key) for key in MessageOut._declared_fields if key not in SAID_HERE}
    broadcast_id = each.parent_id if each.purpose == "broadcast" else None
    return {**shown, "channel": "email", "broadcast_id": broadcast_id, "subject": each.subject or each.content.subject}
