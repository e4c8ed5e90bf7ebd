"""Taking in those who already match when a workflow is activated, some at a time, from a place kept with the workflow."""

from __future__ import annotations

import sqlalchemy as sa

from crm.automation.enrolling import Entry, enroll_entries
from crm.automation.models import Version, Workflow
from crm.automation.types import TRIGGERS
from crm.contacts.models import Contact
from crm.database import db

CHUNK = 1_000


def take_in(limit: int = CHUNK) -> bool:
    """Enroll the next contacts of one workflow that is taking in, oldest first. Whether there may be more to do."""
    waiting = sa.select(Workflow).where(Workflow.intake_after_id.is_not(None), Workflow.status == "active").limit(1)
    workflow = db.session.scalar(waiting.with_for_update(skip_locked=True))
    if workflow is None:
        return False
    ids = _next(workflow, limit)
    enroll_entries(workflow, [Entry(each) for each in ids])
    workflow.intake_after_id = ids[-1] if len(ids) == limit else None
    db.session.flush()
    return True


def _next(workflow: Workflow, limit: int) -> list[int]:
    version = db.session.get_one(Version, workflow.published_id)
    trigger = TRIGGERS.get(version.trigger_type or "")
    matching = trigger.already(version.trigger_conditions) if trigger else None
    if matching is None:
        return []
    found = sa.select(Contact.id).where(matching, Contact.id > workflow.intake_after_id)
    return list(db.session.scalars(found.order_by(Contact.id).limit(limit)))
