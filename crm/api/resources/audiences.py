"""/audiences: whom a condition means."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask_login import current_user
from marshmallow import fields

from crm.api.bodies import body
from crm.api.contact_shapes import ContactOut, shown
from crm.api.resource import Resource
from crm.api.shapes import Shape
from crm.conditions.compiler import compile_condition
from crm.conditions.reading import validate
from crm.contacts.models import Contact
from crm.contacts.queries import scope, visible_contacts
from crm.database import db
from crm.lib.problems import Problem
from crm.users.access import requires

bp = Resource("audiences", "Groups of contacts.")
SAMPLE = 10
EXAMPLE = {"match": "all", "conditions": [{"field": "country", "operator": "equals", "value": "ES"}]}


class Condition(Shape):
    """Which contacts are meant. Fields and operators are listed by /workflows/types; groups may nest."""

    match = fields.String(metadata={"enum": ["all", "any"]})
    conditions = fields.List(fields.Dict(), required=True, metadata={"description": "Clauses, or groups like this."})


class PreviewOut(Shape):
    """Whom a condition means."""

    count = fields.Integer(required=True, metadata={"description": "How many of the contacts you may see."})
    sample = fields.List(fields.Nested(ContactOut), required=True, metadata={"description": "The ten newest of them."})


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
