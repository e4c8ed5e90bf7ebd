"""/enrollments: contacts on their way through workflows."""

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
from crm.automation.models import ENROLLMENT_STATUSES, Enrollment
from crm.automation.queries import visible_enrollment
from crm.contacts.models import Contact
from crm.contacts.queries import scope
from crm.users.access import requires

bp = Resource("enrollments", "Contacts on their way through workflows.")


class EnrollmentListArgs(ListArgs):
    """Which enrollments."""

    workflow = id_parameter("In this workflow.")
    contact = id_parameter("Of this contact.")
    status = fields.String(validate=OneOf(list(ENROLLMENT_STATUSES)))


class EnrollmentOut(Shape):
    """A contact's run through a workflow."""

    id = an_id(required=True)
    workflow_id = an_id(required=True)
    contact_id = an_id(required=True)
    status = fields.String(required=True, metadata={"enum": list(ENROLLMENT_STATUSES)})
    current_step_id = an_id("Where the contact is.", required=True, allow_none=True)
    enrolled_at = moment(required=True)
    next_action_at = moment("When it goes on.", required=True, allow_none=True)
    completed_at = moment("When it ended, however it ended.", required=True, allow_none=True)
    exit_reason = fields.String(required=True, allow_none=True)


@bp.get("")
@requires("crm.workflows.view")
@bp.arguments(EnrollmentListArgs, location="query")
@bp.response(200, page_of(EnrollmentOut))
def index(args: dict[str, Any]) -> Any:
    """Enrollments, newest first."""
    found = sa.select(Enrollment).join(Contact).where(scope(current_user))
    for key, column in (("workflow", Enrollment.workflow_id), ("contact", Enrollment.contact_id)):
        if key in args:
            found = found.where(column == args[key])
    if "status" in args:
        found = found.where(Enrollment.status == args["status"])
    return paged(found, Enrollment, args)


@bp.get("/<int:enrollment_id>")
@requires("crm.workflows.view")
@bp.response(200, EnrollmentOut)
def show(enrollment_id: int) -> Any:
    """One enrollment."""
    return visible_enrollment(enrollment_id, current_user) or abort(404)
