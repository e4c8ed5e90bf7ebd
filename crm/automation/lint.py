"""What is wrong with a version before it runs, each finding at its step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from crm.activity.vocabulary import BY_KIND
from crm.automation import queries
from crm.automation.models import Step, Version
from crm.automation.plan import Plan, PlannedStep, draft_plan
from crm.automation.types import TRIGGERS


@dataclass(frozen=True)
class Finding:
    """Something a person should know; an error forbids activation. Without a step it is about the workflow as a whole."""

    step_id: int | None
    level: str
    text: str

    @property
    def is_error(self) -> bool:
        return self.level == "error"


def lint(version: Version) -> list[Finding]:
    """Everything found, errors first; within that in the order people read the steps."""
    plan = draft_plan(version)
    order = {place.step.id: place.number for top in queries.step_places(version) for place in queries.flat(top)}
    found = [*_of_trigger(version), *_of_steps(version, plan), *_unreachable(plan), *_loops(plan), *_targets(plan)]
    return sorted(found, key=lambda each: (not each.is_error, order.get(each.step_id or 0, 0)))


def _of_trigger(version: Version) -> Iterator[Finding]:
    trigger = TRIGGERS.get(version.trigger_type or "")
    if not version.trigger_type:
        yield Finding(None, "error", "Choose what starts the workflow.")
    elif trigger is None:
        yield Finding(None, "error", f"There is no trigger “{version.trigger_type}”.")
    else:
        for problem in trigger.problems(version.trigger_conditions):
            yield Finding(None, "error", f"Trigger: {problem.text}")
    if version.goal and version.goal.get("event") not in BY_KIND:
        yield Finding(None, "error", "The goal is an event that does not exist.")


def _of_steps(version: Version, plan: Plan) -> Iterator[Finding]:
    steps = queries.steps_of(version)
    if not steps:
        yield Finding(None, "error", "Add a step: the workflow does nothing yet.")
    for step in steps:
        yield from (Finding(step.id, "error", text) for text in _of_step(step, plan.steps[step.id]))


def _of_step(step: Step, planned: PlannedStep) -> list[str]:
    if planned.type is None:
        return [f"There is no step type “{step.step_type}”."]
    hanging = set(planned.branches) - {each.name for each in planned.type.outcomes(planned.config)}
    stray = [f"Steps hang in a branch “{name}” that this step does not have." for name in sorted(hanging)]
    return [*dict.fromkeys(each.text for each in planned.type.problems(step.step_config)), *stray]


def _unreachable(plan: Plan) -> Iterator[Finding]:
    """Steps no contact can come to."""
    seen: set[int] = set()
    ahead = [plan.first] if plan.first else []
    while ahead:
        number = ahead.pop()
        if number in seen:
            continue
        seen.add(number)
        ahead += [each for each in plan.ways(plan.steps[number]) if each is not None]
    for number in plan.steps.keys() - seen:
        yield Finding(number, "warning", "No contact can reach this step.")


def _loops(plan: Plan) -> Iterator[Finding]:
    """Steps from which the way leads back to them without a wait."""
    busy = {number for number, step in plan.steps.items() if step.type and not step.type.can_wait}
    for number in sorted(busy):
        if _comes_back(plan, number, busy):
            yield Finding(number, "error", "From here the way leads back here without a wait.")


def _comes_back(plan: Plan, start: int, busy: set[int]) -> bool:
    seen: set[int] = set()
    ahead = [start]
    while ahead:
        for each in plan.ways(plan.steps[ahead.pop()]):
            if each == start:
                return True
            if each in busy and each not in seen:
                seen.add(each)
                ahead.append(each)
    return False


def _targets(plan: Plan) -> Iterator[Finding]:
    for step in plan.steps.values():
        for key in step.type.targets(step.config) if step.type else ():
            if key not in plan.keys:
                yield Finding(step.id, "error", f"It jumps to a step “{key}” that does not exist.")
