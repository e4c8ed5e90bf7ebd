"""Steps that give tasks to one person: finding them, and naming somebody else, when that person leaves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from crm.automation.models import Step, Version, Workflow
from crm.database import db

KEY = "assignee"


def steps_assigning_to(user_id: int) -> Sequence[sa.Row[Any]]:
    """The steps of workflows not archived that name this person; each with its workflow."""
    found = (
        sa.select(Step.id, Step.step_config, Workflow.id.label("workflow_id"), Workflow.name)
        .join(Version, Version.id == Step.version_id)
        .join(Workflow, Workflow.id == Version.workflow_id)
        .where(Step.step_type == "create_task", Workflow.status != "archived")
    )
    return [row for row in db.session.execute(found) if str(row.step_config.get(KEY)) == str(user_id)]


def reassign_steps(user_id: int, taker_id: int) -> int:
    """Let these steps name somebody else, in drafts and in what runs: their tasks are for people, who change. Returns how many."""
    steps = db.session.scalars(sa.select(Step).where(Step.id.in_([row.id for row in steps_assigning_to(user_id)])))
    changed = 0
    for step in steps:
        step.step_config = {**step.step_config, KEY: str(taker_id)}
        changed += 1
    db.session.flush()
    return changed
