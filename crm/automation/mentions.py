"""Which workflows speak of a tag or an audience: in a trigger, a step, or a condition of either."""

from __future__ import annotations

import sqlalchemy as sa
from flask import url_for

from crm.automation.models import Step, Version, Workflow
from crm.conditions.mentions import Mentioned, Use
from crm.database import db


def workflows_with(thing: Mentioned) -> list[Use]:
    """The workflows not archived whose published version or draft speaks of the thing, by name."""
    spoken = sa.or_(Version.id == Workflow.published_id, Version.published_at.is_(None))
    versions = (
        sa.select(Workflow.id, Workflow.name, Version.trigger_conditions, Step.step_config)
        .join(Version, Version.workflow_id == Workflow.id)
        .outerjoin(Step, Step.version_id == Version.id)
        .where(Workflow.status != "archived", spoken)
        .order_by(Workflow.name, Workflow.id)
    )
    found = {row.id: row.name for row in db.session.execute(versions) if thing.is_in([row[2], row[3]])}
    return [Use(f"Workflow “{name}”", url_for("workflows.show", workflow_id=number)) for number, name in found.items()]
