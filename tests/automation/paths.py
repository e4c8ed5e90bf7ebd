"""Workflows for tests, built from a few words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crm.activity import dispatcher
from crm.automation import engine
from crm.automation.models import Enrollment, Step, StepLog, Version, Workflow
from crm.automation.operations import activate, add_step, create_workflow, edit, set_trigger
from crm.automation.queries import draft_of
from crm.database import commit, db
from crm.lib import clock
from tests import factories

Steps = Sequence[tuple[Any, ...]]


def draft(*steps: tuple[Any, ...], trigger: str | None = "manual", **conditions: Any) -> Version:
    """A draft; each step is (kind, config) or (kind, config, {branch: steps})."""
    version = draft_of(create_workflow("Welcome"))
    assert version
    if trigger:
        set_trigger(version, trigger, conditions)
    _add(version, steps, None, "main")
    commit()
    return version


def running(*steps: tuple[Any, ...], trigger: str = "manual", **conditions: Any) -> Workflow:
    """A workflow of these steps, activated."""
    version = draft(*steps, trigger=trigger, **conditions)
    activate(version.workflow)
    commit()
    return version.workflow


def _add(version: Version, steps: Steps, parent: Step | None, branch: str) -> None:
    for kind, config, *branches in steps:
        step = add_step(version, kind, config, parent=parent, branch=branch)
        for name, below in branches[0].items() if branches else ():
            _add(version, below, step, name)


def run(now: datetime | None = None) -> None:
    """Hand out what happened and move everyone on, until nothing is left to do at this moment."""
    while dispatcher.dispatch() or engine.process_due(now):
        pass


def contacts(number: int) -> list[int]:
    """Carla and so many less one others; their ids."""
    return [factories.contact(email=f"carla{n}@example.com").id for n in range(number)]


def enrollment(**values: Any) -> Enrollment:
    """The newest enrollment of those, read afresh."""
    found = sa.select(Enrollment).filter_by(**values).order_by(Enrollment.id.desc()).limit(1)
    return db.session.scalars(found, execution_options={"populate_existing": True}).one()


def visits(enrolled: Enrollment) -> list[StepLog]:
    """The step log of an enrollment, in order, read afresh."""
    found = sa.select(StepLog).where(StepLog.enrollment_id == enrolled.id).order_by(StepLog.visit_no)
    return list(db.session.scalars(found, execution_options={"populate_existing": True}))


def new_draft(workflow: Workflow) -> Version:
    """A draft of the next version."""
    version = edit(workflow)
    commit()
    return version


def new_loop(**config: Any) -> Workflow:
    """A workflow that runs in circles, as only a test can make one: the checks before activation refuse it."""
    version = draft(("create_task", {"title": "Round"}))
    version.workflow.status, version.workflow.published_id, version.published_at = "active", version.id, clock.now()
    first = db.session.scalars(sa.select(Step).where(Step.version_id == version.id)).one()
    first.key = "start"
    db.session.add(Step(version_id=version.id, step_order=2, step_type="again", step_config=config))
    commit()
    return version.workflow
