"""/contacts/{id}/activities: what happened to a contact."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask_login import current_user
from marshmallow import fields

from crm.activity.models import ContactActivity
from crm.api.paging import page_of_rows
from crm.api.resource import Resource
from crm.api.shapes import ListArgs, Shape, an_id, moment, page_of
from crm.contacts.queries import visible_contact
from crm.database import table_of
from crm.lib.keyset import Order
from crm.users.access import requires

bp = Resource("contacts/<int:contact_id>/activities", "What happened to a contact.")
LOG = table_of(ContactActivity)
NEWEST = Order(LOG.c.created_at, LOG.c.id, is_descending=True)
SHOWN = ("id", "contact_id", "activity_type", "subject_type", "subject_id", "title", "description", "metadata", "actor")


class ActivityListArgs(ListArgs):
    """Which activities."""

    type = fields.String(metadata={"description": "Only of this type, such as email_opened."})


class ActivityOut(Shape):
    """One thing that happened."""

    id = an_id(required=True)
    contact_id = an_id(required=True)
    type = fields.String(required=True, attribute="activity_type")
    title = fields.String(required=True)
    description = fields.String(required=True, allow_none=True)
    subject_type = fields.String(required=True, allow_none=True, metadata={"description": "What it is about."})
    subject_id = fields.Integer(required=True, allow_none=True)
    metadata = fields.Dict(required=True)
    actor = fields.String(required=True, metadata={"description": "Who or what did it."})
    occurred_at = moment(required=True, attribute="created_at")


@bp.get("")
@requires("crm.contacts.view")
@bp.arguments(ActivityListArgs, location="query")
@bp.response(200, page_of(ActivityOut))
def index(args: dict[str, Any], contact_id: int) -> Any:
    """What happened to the contact, newest first."""
    contact = visible_contact(current_user, contact_id)
    found = sa.select(*(LOG.c[name] for name in SHOWN), LOG.c.created_at).where(LOG.c.contact_id == contact.id)
    if "type" in args:
        found = found.where(LOG.c.activity_type == args["type"])
    page = page_of_rows(found, NEWEST, args)
    return {"data": [row._asdict() for row in page.rows], "next_cursor": page.next}
