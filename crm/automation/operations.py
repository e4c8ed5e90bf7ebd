"""Making, activating, pausing and archiving workflows.

Editing a draft is in `drafting`, enrolling contacts in `enrolling`; their verbs are offered here too. Whoever edits says which
revision they saw by `expect`.
"""

from __future__ import annotations

from crm.activity.vocabulary import SYSTEM, Actor
from crm.automation import queries
from crm.automation.drafting import (
    REENTRY,
    add_step,
    delete_step,
    discard_draft,
    duplicate_step,
    edit,
    expect,
    move_step,
    set_entry,
    set_goal,
    set_trigger,
    update_step,
)
from crm.automation.enrolling import (
    ARCHIVED,
    end_all,
    enroll,
    exit_enrollment,
    hold_enrollment,
    move_all,
    release_enrollment,
    retry_enrollment,
    skip_step,
)
from crm.automation.lint import Finding, lint
from crm.automation.models import Enrollment, Version, Workflow
from crm.automation.refusals import Refused, Stale
from crm.automation.types import STEPS, TRIGGERS
from crm.database import after_commit, db
from crm.lib import clock
from crm.queue import nudge


def create_workflow(name: str, by: Actor = SYSTEM, description: str = "") -> Workflow:
    """A new workflow with an empty draft."""
    workflow = Workflow(created_by=by.user_id)
    rename_workflow(workflow, name, description)
    db.session.add(workflow)
    db.session.flush()
    db.session.add(Version(workflow_id=workflow.id, number=1))
    db.session.flush()
    return workflow


def rename_workflow(workflow: Workflow, name: str, description: str | None = None) -> None:
    """Give the workflow its name. Raises Refused when there is none."""
    name = " ".join(name.replace("\0", "").split())
    if not name or len(name) > 255:
        raise Refused("A workflow needs a name of at most 255 characters.")
    workflow.name = name
    if description is not None:
        workflow.description = description.strip() or None


def activate(workflow: Workflow, by: Actor = SYSTEM, *, take_in: bool = False) -> Version:  # noqa: ARG001
    """Publish the draft if there is one, and let the workflow run. Activating a running workflow without a draft changes nothing.

    `take_in` also enrolls, in the worker, those who match the trigger already. Raises Refused with the findings that forbid it.
    """
    _lock(workflow)
    version = queries.draft_of(workflow)
    if version:
        _publish(workflow, version)
    published = queries.published_of(workflow)
    assert published is not None
    if take_in:
        workflow.intake_after_id = 0
        after_commit(nudge, "enroll_matching")
    if workflow.status != "active":
        _start(workflow)
    db.session.flush()
    return published


def pause(workflow: Workflow, reason: str = "") -> None:
    """Hold everyone where they are, and let nobody new in. Pausing twice changes nothing."""
    _lock(workflow)
    if workflow.status == "active":
        workflow.status, workflow.paused_reason = "paused", reason[:255] or None
        move_all(workflow.id, "active", "paused")


def resume(workflow: Workflow) -> None:
    """Let a paused workflow go on: what came due meanwhile is done now. Resuming a running one changes nothing."""
    _lock(workflow)
    if workflow.status == "paused":
        _start(workflow)


def archive(workflow: Workflow) -> int:
    """Put the workflow away: nobody new comes in, and those under way end here. How many those were."""
    _lock(workflow)
    if workflow.status == "archived":
        return 0
    workflow.status, workflow.paused_reason, workflow.intake_after_id = "archived", None, None
    return end_all(workflow, ARCHIVED)


def _publish(workflow: Workflow, version: Version) -> None:
    findings = lint(version)
    if any(each.is_error for each in findings):
        raise Refused("This workflow cannot be activated yet.", findings)
    for step in queries.steps_of(version):
        step.step_config = STEPS[step.step_type].cleaned(step.step_config)
    assert version.trigger_type
    version.trigger_conditions = TRIGGERS[version.trigger_type].cleaned(version.trigger_conditions)
    version.published_at = clock.now()
    workflow.published_id = version.id
    workflow.activated_at = workflow.activated_at or clock.now()
    db.session.flush()


def _start(workflow: Workflow) -> None:
    workflow.status, workflow.paused_reason, workflow.resumed_at = "active", None, clock.now()
    db.session.flush()
    move_all(workflow.id, "paused", "active")
    after_commit(nudge, "process_enrollments")


def _lock(workflow: Workflow) -> None:
    """Nobody else changes the workflow, or lets anyone into it, until this transaction ends."""
    db.session.flush()
    db.session.refresh(workflow, with_for_update=True)


__all__ = [
    "REENTRY", "Enrollment", "Finding", "Refused", "Stale", "activate", "add_step", "archive", "create_workflow", "delete_step",
    "discard_draft", "duplicate_step", "edit", "enroll", "exit_enrollment", "expect", "hold_enrollment", "move_step", "pause",
    "release_enrollment", "rename_workflow", "resume", "retry_enrollment", "set_entry", "set_goal", "set_trigger", "skip_step", "update_step",
]  # fmt: skip
