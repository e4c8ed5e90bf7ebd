"""Questions about workflows: their versions and steps, who is where, and how each contact got there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from crm.automation.models import UNDER_WAY, Enrollment, Step, StepLog, Version, Workflow
from crm.automation.step_type import MAIN, Outcome
from crm.automation.types import STEPS, TRIGGERS
from crm.conditions.queries import count_up_to
from crm.contacts.models import Contact
from crm.contacts.queries import scope
from crm.database import db
from crm.users.models import User


@dataclass(frozen=True)
class BranchPlaces:
    """A branch of a step, with what hangs there in order."""

    outcome: Outcome
    places: list[Place] = field(default_factory=list)


@dataclass(frozen=True)
class Place:
    """A step in the tree. `number` counts all steps of the version as people read them: down the trunk, branches first."""

    step: Step
    branches: list[BranchPlaces]
    number: int = 0


@dataclass(frozen=True)
class Counts:
    """How many contacts of a workflow are where. `waiting` is part of `active`."""

    active: int = 0
    waiting: int = 0
    paused: int = 0
    held: int = 0
    completed: int = 0
    exited: int = 0
    failed: int = 0

    @property
    def on_the_way(self) -> int:
        return self.active + self.paused + self.held


def draft_of(workflow: Workflow) -> Version | None:
    """The version that is being edited."""
    return db.session.scalar(
        sa.select(Version).where(Version.workflow_id == workflow.id, Version.published_at.is_(None))
    )


def published_of(workflow: Workflow) -> Version | None:
    """The version new contacts start on."""
    return db.session.get(Version, workflow.published_id) if workflow.published_id else None


def last_number(workflow: Workflow) -> int:
    """The number of the newest version."""
    return db.session.scalar(sa.select(sa.func.max(Version.number)).where(Version.workflow_id == workflow.id)) or 0


def steps_of(version: Version) -> Sequence[Step]:
    """All steps, in no useful order; `step_places` has them as a tree."""
    return db.session.scalars(sa.select(Step).where(Step.version_id == version.id).order_by(Step.step_order)).all()


def siblings(version_id: int, parent_id: int | None, branch: str, but: Step | None = None) -> list[Step]:
    """The steps of one branch, in order."""
    found = sa.select(Step).where(Step.version_id == version_id, Step.branch_type == branch)
    parent = Step.parent_step_id.is_(None) if parent_id is None else Step.parent_step_id == parent_id
    rows = db.session.scalars(found.where(parent).order_by(Step.step_order, Step.id))
    return [each for each in rows if each is not but]


def step_places(version: Version) -> list[Place]:
    """The version's steps as a tree, numbered in reading order."""
    return _Tree(steps_of(version)).places(None, MAIN.name)


def place_of(step: Step) -> Place:
    """The step with all that hangs below it."""
    version = db.session.get_one(Version, step.version_id)
    return _Tree(steps_of(version)).place(step)


def steps_below(step: Step) -> list[Step]:
    """Everything that hangs below the step, parents before children."""
    return [each.step for each in flat(place_of(step))][1:]


def flat(place: Place) -> list[Place]:
    """The place and every place below it, in reading order."""
    return [place, *(each for branch in place.branches for child in branch.places for each in flat(child))]


class _Tree:
    """Steps arranged by where they hang. Branches a step's type does not have, but steps hang in, are shown last."""

    def __init__(self, steps: Iterable[Step]):
        self.children: dict[int | None, dict[str, list[Step]]] = defaultdict(lambda: defaultdict(list))
        self.count = 0
        for step in steps:
            self.children[step.parent_step_id][step.branch_type].append(step)

    def places(self, parent_id: int | None, branch: str) -> list[Place]:
        ordered = sorted(self.children[parent_id][branch], key=lambda each: (each.step_order, each.id))
        return [self.place(each) for each in ordered]

    def place(self, step: Step) -> Place:
        self.count += 1
        number = self.count
        step_type = STEPS.get(step.step_type)
        outcomes = list(step_type.branches) if step_type else []
        extra = [Outcome(name, name) for name in self.children[step.id] if name not in {each.name for each in outcomes}]
        branches = [BranchPlaces(each, self.places(step.id, each.name)) for each in [*outcomes, *extra]]
        return Place(step, branches, number)


def counts_of(workflow_ids: Iterable[int]) -> dict[int, Counts]:
    """How many contacts are where, for each of these workflows: one question of an index alone, and one of those active."""
    of_these = Enrollment.workflow_id.in_(list(workflow_ids))
    found: dict[int, dict[str, int]] = defaultdict(dict)
    every = sa.select(Enrollment.workflow_id, Enrollment.status, sa.func.count()).where(of_these)
    for workflow_id, status, number in db.session.execute(every.group_by(Enrollment.workflow_id, Enrollment.status)):
        found[workflow_id][status] = number
    waiting = sa.select(Enrollment.workflow_id, sa.func.count()).where(
        of_these, Enrollment.status == "active", Enrollment.arrived_at.is_not(None)
    )
    for workflow_id, number in db.session.execute(waiting.group_by(Enrollment.workflow_id)):
        found[workflow_id]["waiting"] = number
    return {number: Counts(**found[number]) for number in workflow_ids}


def active_workflows() -> Sequence[Workflow]:
    """The workflows a contact can be let into, by name."""
    found = sa.select(Workflow).where(Workflow.status == "active").order_by(sa.func.lower(Workflow.name), Workflow.id)
    return db.session.scalars(found).all()


def contacts_at_steps(workflow: Workflow) -> dict[int, int]:
    """How many contacts are at each step now, of whatever version, by step id."""
    rows = db.session.execute(
        sa.select(Enrollment.current_step_id, sa.func.count())
        .where(Enrollment.workflow_id == workflow.id, Enrollment.status.in_(UNDER_WAY))
        .group_by(Enrollment.current_step_id)
    )
    return {step_id: number for step_id, number in rows if step_id is not None}


def matching_already(version: Version, limit: int = 10_000) -> int | None:
    """How many contacts the trigger would have meant before now, one more than `limit` at most; None if that cannot be told."""
    trigger = TRIGGERS.get(version.trigger_type or "")
    found = trigger.already(version.trigger_conditions) if trigger else None
    return None if found is None else count_up_to(found, cap=limit)


def enrollments_of(
    workflow: Workflow,
    viewer: User,
    status: str | None = None,
    before: int | None = None,
    limit: int = 50,
    step_id: int | None = None,
) -> Sequence[Enrollment]:
    """The workflow's enrollments of contacts the viewer may see, newest first, from before the id `before`.

    With a step, those who are at it now.
    """
    found = sa.select(Enrollment).join(Contact).where(Enrollment.workflow_id == workflow.id, scope(viewer))
    if status:
        found = found.where(Enrollment.status == status)
    if before:
        found = found.where(Enrollment.id < before)
    if step_id:
        found = found.where(Enrollment.current_step_id == step_id, Enrollment.status.in_(UNDER_WAY))
    options = sa.orm.contains_eager(Enrollment.contact)
    return db.session.scalars(found.options(options).order_by(Enrollment.id.desc()).limit(limit)).all()


def enrollments_of_contact(contact_id: int) -> Sequence[Enrollment]:
    """The contact's runs through workflows, newest first."""
    found = sa.select(Enrollment).where(Enrollment.contact_id == contact_id).order_by(Enrollment.id.desc())
    return db.session.scalars(found.options(sa.orm.joinedload(Enrollment.workflow))).all()


def visible_enrollment(enrollment_id: int, viewer: User) -> Enrollment | None:
    """The enrollment, if its contact is one the viewer may see."""
    found = sa.select(Enrollment).join(Contact).where(Enrollment.id == enrollment_id, scope(viewer))
    return db.session.scalar(found)


def journey(enrollment: Enrollment) -> Sequence[tuple[StepLog, Step]]:
    """Every visit of the enrollment with its step, in the order they happened."""
    found = sa.select(StepLog, Step).join(Step).where(StepLog.enrollment_id == enrollment.id).order_by(StepLog.visit_no)
    return [(log, step) for log, step in db.session.execute(found)]
