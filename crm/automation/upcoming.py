"""The next steps of a contact's workflows, for the top of their timeline."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from flask import url_for
from sqlalchemy.orm import joinedload

from crm.automation.models import UNDER_WAY, Enrollment
from crm.contacts.models import Contact
from crm.database import db
from crm.timeline.upcoming import Act, Upcoming
from crm.users.models import User

ASKS = "The steps that have not come yet will not happen. What was done stays."


def next_steps(contact: Contact, viewer: User) -> Sequence[Upcoming]:
    """When each workflow the contact is in goes on, the next first; at most twenty."""
    if not viewer.can("crm.workflows.view"):
        return []
    mine = sa.select(Enrollment).where(Enrollment.contact_id == contact.id, Enrollment.status.in_(UNDER_WAY))
    mine = mine.where(Enrollment.next_action_at.is_not(None)).options(joinedload(Enrollment.workflow))
    found = db.session.scalars(mine.order_by(Enrollment.next_action_at).limit(20))
    return [_upcoming(each, viewer) for each in found]


def _upcoming(enrollment: Enrollment, viewer: User) -> Upcoming:
    of = {"workflow_id": enrollment.workflow_id, "enrollment_id": enrollment.id}
    out = Act("Take out", url_for("enrollments.exit_", on="contact", **of), ASKS, "user-minus")
    wait = Act("Hold", url_for("enrollments.hold", on="contact", **of), icon="player-pause")
    if enrollment.status == "held":
        wait = Act("Go on", url_for("enrollments.release", on="contact", **of), icon="player-play")
    assert enrollment.next_action_at is not None
    return Upcoming(
        enrollment.next_action_at, "route", f"Next step of {enrollment.workflow.name}", url_for("enrollments.show", **of),
        _note(enrollment), (wait, out) if viewer.can("crm.workflows.activate") else (),
    )  # fmt: skip


def _note(enrollment: Enrollment) -> str:
    if enrollment.status == "held":
        return "on hold, until somebody lets it go on"
    if enrollment.status == "paused":
        return "on hold: the workflow is paused"
    return f"waits for {enrollment.waiting_for.replace('_', ' ')}, at the latest then" if enrollment.waiting_for else ""
