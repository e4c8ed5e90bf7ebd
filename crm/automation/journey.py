"""The journey of a contact through a workflow: each visit to a step, what was decided and why, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.automation import queries
from crm.automation.models import Enrollment, Step, StepLog, Version
from crm.automation.types import STEPS
from crm.database import db
from crm.delivery.models import STATUSES
from crm.email.models import EmailMessage
from crm.tasks.models import Task


@dataclass(frozen=True)
class Result:
    """Something that came of a visit: a message, a task, an event. `subject_type` and `subject_id` lead to its page."""

    words: str
    subject_type: str
    subject_id: int


@dataclass(frozen=True)
class Stop:
    """One visit to one step. `until` is set while the contact waits there."""

    number: int
    label: str
    icon: str
    summary: str
    status: str
    why: str
    branch: str | None
    arrived_at: datetime
    left_at: datetime | None
    until: datetime | None
    results: tuple[Result, ...]

    @property
    def is_waiting(self) -> bool:
        return self.status == "pending"

    @property
    def tone(self) -> str:
        return {"failed": "bad", "pending": "info", "skipped": "warn"}.get(self.status, "good")


def stops(enrollment: Enrollment) -> list[Stop]:
    """Every visit in the order they happened, in a handful of questions however many there are."""
    visits = queries.journey(enrollment)
    version = db.session.get_one(Version, enrollment.version_id)
    numbers = {each.step.id: each.number for top in queries.step_places(version) for each in queries.flat(top)}
    results = _results(enrollment, [log for log, _ in visits])
    return [_stop(log, step, numbers.get(step.id, 0), results.get(log.visit_no, [])) for log, step in visits]


def cause_of(enrollment: Enrollment) -> ContactActivity | None:
    """The activity that started it, if it was not a person."""
    return db.session.get(ContactActivity, enrollment.cause_id) if enrollment.cause_id else None


def _stop(log: StepLog, step: Step, number: int, results: Sequence[Result]) -> Stop:
    kind = STEPS.get(step.step_type)
    until = log.result.get("until")
    return Stop(
        number,
        kind.label if kind else step.step_type,
        kind.icon if kind else "help",
        kind.summary(step.step_config) if kind else "",
        log.status,
        log.error_message or log.result.get("why", ""),
        _branch_label(step, log.result.get("branch")),
        log.created_at,
        log.executed_at,
        datetime.fromisoformat(until) if until and log.status == "pending" else None,
        tuple(results),
    )


def _branch_label(step: Step, name: str | None) -> str | None:
    kind = STEPS.get(step.step_type)
    if name is None or kind is None:
        return name
    return next((each.label for each in kind.branches if each.name == name), name)


def _results(enrollment: Enrollment, logs: Sequence[StepLog]) -> dict[int, list[Result]]:
    found: dict[int, list[Result]] = {each.visit_no: [] for each in logs}
    for visit_no, result in [*_messages(enrollment), *_tasks(logs), *_events(logs)]:
        found.setdefault(visit_no, []).append(result)
    return found


def _messages(enrollment: Enrollment) -> Iterable[tuple[int, Result]]:
    found = sa.select(EmailMessage).where(
        EmailMessage.purpose == "workflow",
        EmailMessage.parent_id == enrollment.id,
        EmailMessage.contact_id == enrollment.contact_id,
    )
    for message in db.session.scalars(found):
        name = f"Email “{message.subject}”" if message.subject else "The email"
        words = f"{name}: {STATUSES[message.status].lower()}" + (f", {message.reason}" if message.reason else "")
        yield message.visit_no, Result(words, "email_messages", message.id)


def _tasks(logs: Sequence[StepLog]) -> Iterable[tuple[int, Result]]:
    visits = {each.result["task_id"]: each.visit_no for each in logs if each.result.get("task_id")}
    for task in db.session.scalars(sa.select(Task).where(Task.id.in_(visits))):
        yield visits[task.id], Result(f"Task “{task.title}”", "contact_tasks", task.id)


def _events(logs: Sequence[StepLog]) -> Iterable[tuple[int, Result]]:
    visits = {each.result["event_id"]: each.visit_no for each in logs if each.result.get("event_id")}
    for event in db.session.scalars(sa.select(ContactActivity).where(ContactActivity.id.in_(visits))):
        yield visits[event.id], Result(event.title, event.subject_type or "", event.subject_id or 0)
