"""A version as the engine walks it: which step follows which. Published versions never change, so their plans are kept."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import current_app

from crm.automation.models import Step, Version
from crm.automation.step_type import MAIN, StepType
from crm.automation.types import STEPS
from crm.database import db

KEPT = 200
SECONDS = 5.0
"""So long a plan is kept."""


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step and where its ways lead. `after` is the step that follows, `branches` the first step of each branch."""

    id: int
    kind: str
    type: StepType | None
    config: dict[str, Any]
    key: str | None
    after: int | None
    branches: dict[str, int]

    def way(self, branch: str) -> int | None:
        """Where a branch leads: into it, or past it when nothing hangs there."""
        return self.branches.get(branch, self.after)


@dataclass(frozen=True)
class Plan:
    """A version's steps by id and by key."""

    version_id: int
    first: int | None
    steps: dict[int, PlannedStep]
    keys: dict[str, int]

    def ways(self, step: PlannedStep) -> Iterator[int | None]:
        """Every place a contact may go from this step; None is the end."""
        if step.type is None:
            return
        for outcome in step.type.outcomes(step.config):
            yield step.after if outcome is MAIN else step.way(outcome.name)
        yield from (self.keys.get(key) for key in step.type.targets(step.config))


def plan_of(version_id: int) -> Plan:
    """The plan of a published version, from memory if it was asked for a moment ago: a tag may have taken another's place since."""
    kept: dict[int, tuple[float, Plan]] = current_app.extensions.setdefault("automation_plans", {})
    now = time.monotonic()
    if version_id not in kept or now - kept[version_id][0] > SECONDS:
        if len(kept) >= KEPT:
            kept.clear()
        steps = db.session.scalars(sa.select(Step).where(Step.version_id == version_id))
        kept[version_id] = now, make_plan(version_id, steps)
    return kept[version_id][1]


def draft_plan(version: Version) -> Plan:
    """The plan of a version as it stands this moment."""
    return make_plan(version.id, db.session.scalars(sa.select(Step).where(Step.version_id == version.id)))


def make_plan(version_id: int, steps: Iterable[Step]) -> Plan:
    """Work out what follows what."""
    rows = sorted(steps, key=lambda each: each.step_order)
    by_id = {each.id: each for each in rows}
    places: dict[tuple[int | None, str], list[int]] = defaultdict(list)
    for each in rows:
        places[each.parent_step_id, each.branch_type].append(each.id)

    def after(step: Step | None) -> int | None:
        while step is not None:
            siblings = places[step.parent_step_id, step.branch_type]
            place = siblings.index(step.id) + 1
            if place < len(siblings):
                return siblings[place]
            step = by_id.get(step.parent_step_id or 0)
        return None

    planned = {
        each.id: PlannedStep(
            each.id, each.step_type, STEPS.get(each.step_type), dict(each.step_config), each.key, after(each),
            {branch: ids[0] for (parent, branch), ids in places.items() if parent == each.id and ids},
        )
        for each in rows
    }  # fmt: skip
    roots = places[None, MAIN.name]
    return Plan(version_id, roots[0] if roots else None, planned, {each.key: each.id for each in rows if each.key})
