"""Editing a draft: its trigger, its entry rules, its steps and their order. What is published never changes.

Siblings are numbered from 1 without a gap after every edit, and each edit adds one to the draft's revision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crm.automation import queries
from crm.automation.models import Step, Version, Workflow
from crm.automation.refusals import Refused, Stale
from crm.automation.types import STEPS, TRIGGERS
from crm.database import db
from crm.lib import clock

REENTRY = {
    "never": "Once ever",
    "after_finish": "Again after finishing",
    "after_days": "Again after some days",
}


def edit(workflow: Workflow) -> Version:
    """The draft to work on; a copy of the published version when there is none yet. Asking twice gives the same draft."""
    draft = queries.draft_of(workflow)
    if draft:
        return draft
    published = queries.published_of(workflow)
    assert published is not None
    draft = Version(
        workflow_id=workflow.id,
        number=queries.last_number(workflow) + 1,
        trigger_type=published.trigger_type,
        trigger_conditions=published.trigger_conditions,
        entry_settings=published.entry_settings,
        goal=published.goal,
    )
    db.session.add(draft)
    db.session.flush()
    for place in queries.step_places(published):
        _copy(place, draft, None)
    return draft


def discard_draft(workflow: Workflow) -> None:
    """Throw the draft of a published workflow away. Raises Refused when it is all there is."""
    if workflow.published_id is None:
        raise Refused("This workflow was never activated: its draft is all there is.")
    draft = queries.draft_of(workflow)
    if draft:
        db.session.delete(draft)
        db.session.flush()


def expect(version: Version, revision: int | None) -> None:
    """Raise Stale when the version was changed since the caller saw `revision`. None means they do not mind."""
    if revision is not None and revision != version.revision:
        raise Stale()


def set_trigger(version: Version, kind: str | None, config: Mapping[str, Any] | None = None) -> None:
    """Say what starts the workflow."""
    _touch(version)
    if kind is not None and kind not in TRIGGERS:
        raise Refused("There is no such trigger.")
    version.trigger_type = kind
    version.trigger_conditions = TRIGGERS[kind].settled(config or {}) if kind else {}


def set_entry(version: Version, reentry: str, days: int | None = None) -> None:
    """Say who may come in a second time: a key of REENTRY, with the number of days for `after_days`."""
    _touch(version)
    if reentry not in REENTRY:
        raise Refused("Choose who may come in again.")
    if reentry == "after_days" and not (isinstance(days, int) and 1 <= days <= 3650):
        raise Refused("Say after how many days, from 1 to 3,650.")
    version.entry_settings = {"reentry": reentry, **({"days": days} if reentry == "after_days" else {})}


def set_goal(version: Version, event_type: str | None) -> None:
    """Say what a contact does to have reached the goal, which ends their run; nothing for no goal."""
    _touch(version)
    version.goal = {"event": event_type} if event_type else {}


def add_step(
    version: Version,
    kind: str,
    config: Mapping[str, Any] | None = None,
    *,
    parent: Step | None = None,
    branch: str = "main",
    position: int | None = None,
    key: str | None = None,
) -> Step:
    """A new step at `position` (from 1; at the end if not said) among the steps of that branch of `parent`, or of the trunk."""
    _touch(version)
    if kind not in STEPS:
        raise Refused("There is no such step.")
    _check_place(version, parent, branch)
    step = Step(
        version_id=version.id,
        parent_step_id=parent.id if parent else None,
        branch_type=branch,
        step_order=0,
        step_type=kind,
        step_config=STEPS[kind].settled(config or {}),
        key=key,
    )
    siblings = queries.siblings(version.id, step.parent_step_id, branch)
    db.session.add(step)
    _line_up(siblings, step, position)
    return step


def update_step(step: Step, config: Mapping[str, Any]) -> None:
    """Change what the step does."""
    _touch(_version(step))
    step_type = STEPS.get(step.step_type)
    step.step_config = step_type.settled(config) if step_type else dict(config)
    db.session.flush()


def move_step(step: Step, *, parent: Step | None = None, branch: str = "main", position: int | None = None) -> None:
    """Move the step, with all that hangs below it, to `position` (from 1) of that branch of `parent`, or of the trunk."""
    version = _version(step)
    _touch(version)
    _check_place(version, parent, branch)
    if parent and parent.id in {step.id, *(each.id for each in queries.steps_below(step))}:
        raise Refused("A step cannot move into one of its own branches.")
    _close_gap(step)
    step.parent_step_id, step.branch_type = parent.id if parent else None, branch
    _line_up(queries.siblings(version.id, step.parent_step_id, branch, but=step), step, position)


def duplicate_step(step: Step) -> Step:
    """A copy of the step and of all that hangs below it, right after it."""
    version = _version(step)
    _touch(version)
    siblings = queries.siblings(version.id, step.parent_step_id, step.branch_type)
    copy = _copy(queries.place_of(step), version, step.parent_step_id)
    _line_up(siblings, copy, step.step_order + 1)
    return copy


def delete_step(step: Step, *, with_below: bool = False) -> int:
    """Delete the step; how many went. Raises Refused when steps hang below it, unless they are meant to go with it."""
    version = _version(step)
    _touch(version)
    below = queries.steps_below(step)
    if below and not with_below:
        raise Refused(f"{len(below)} step{'s' if len(below) > 1 else ''} in its branches would be deleted with it.")
    _close_gap(step)
    doomed = [step.id, *(each.id for each in below)]
    db.session.flush()
    for number in reversed(doomed):
        db.session.execute(sa.delete(Step).where(Step.id == number))
    return len(doomed)


def _touch(version: Version) -> None:
    if version.published_at is not None:
        raise Refused("This version is published and does not change any more; edit the workflow's draft.")
    version.revision += 1
    workflow = db.session.get_one(Workflow, version.workflow_id)
    workflow.updated_at = clock.now()


def _version(step: Step) -> Version:
    return db.session.get_one(Version, step.version_id)


def _check_place(version: Version, parent: Step | None, branch: str) -> None:
    if parent is None:
        if branch != "main":
            raise Refused("There is no such branch.")
        return
    parent_type = STEPS.get(parent.step_type)
    if parent.version_id != version.id or not parent_type or branch not in {each.name for each in parent_type.branches}:
        raise Refused("There is no such branch.")


def _line_up(siblings: Sequence[Step], step: Step, position: int | None) -> None:
    """Put the step among its siblings and number them from 1 without a gap."""
    others = [each for each in siblings if each is not step]
    place = len(others) if position is None else max(0, min(position - 1, len(others)))
    for number, each in enumerate([*others[:place], step, *others[place:]], 1):
        each.step_order = number
    db.session.flush()


def _close_gap(step: Step) -> None:
    for number, each in enumerate(
        queries.siblings(step.version_id, step.parent_step_id, step.branch_type, but=step), 1
    ):
        each.step_order = number


def _copy(place: queries.Place, version: Version, parent_id: int | None) -> Step:
    """Copy a step and what hangs below it into the version. Its key goes with it into another version only."""
    old = place.step
    copy = Step(
        version_id=version.id,
        parent_step_id=parent_id,
        branch_type=old.branch_type,
        step_order=old.step_order,
        step_type=old.step_type,
        step_config=dict(old.step_config),
        key=old.key if old.version_id != version.id else None,
    )
    db.session.add(copy)
    db.session.flush()
    for branch in place.branches:
        for child in branch.places:
            _copy(child, version, copy.id)
    return copy
