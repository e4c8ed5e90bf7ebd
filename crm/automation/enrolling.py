"""Who comes into a workflow, and who is taken out: each verb works on many contacts in a few statements.

A contact's runs are numbered by `entry_key`, which is unique: whatever runs at the same moment, one enrollment comes of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from crm.activity.operations import emit_all
from crm.activity.vocabulary import SYSTEM, Actor, SequenceStarted
from crm.automation.models import UNDER_WAY, Enrollment, StepLog, Version, Workflow
from crm.automation.plan import plan_of
from crm.automation.refusals import Refused
from crm.contacts.models import Contact
from crm.database import after_commit, db, insert_new, table_of
from crm.lib import clock
from crm.queue import nudge

DEEPEST = 10
"""How many workflows may set each other off in a row."""
TOO_DEEP = f"More than {DEEPEST} workflows set each other off in a row; this one was not started"
ARCHIVED = "The workflow was archived"
CHUNK = 500

_enrollments = table_of(Enrollment)


@dataclass(frozen=True)
class Entry:
    """A contact to be enrolled: the activity that is the cause, and how many reactions led to it."""

    contact_id: int
    cause_id: int | None = None
    depth: int = 0


def enroll(
    workflow: Workflow, contact_ids: Iterable[int], by: Actor = SYSTEM, now: datetime | None = None
) -> list[int]:
    """Enroll these contacts, as far as the entry rules let them in; the ids of those who came in. Harmless to repeat.

    Raises Refused when the workflow is not active.
    """
    entries = [Entry(each, depth=by.depth) for each in _existing(contact_ids)]
    return enroll_entries(workflow, entries, by, now)


def enroll_entries(
    workflow: Workflow, entries: Sequence[Entry], by: Actor = SYSTEM, now: datetime | None = None
) -> list[int]:
    """Enroll many, each for its own cause; the ids of the contacts who came in. Raises Refused when the workflow is not active."""
    now = now or clock.now()
    db.session.flush()
    db.session.refresh(workflow, with_for_update=True)
    if workflow.status != "active" or workflow.published_id is None:
        raise Refused(f"“{workflow.name}” is not active: nobody can be enrolled.")
    first = {each.contact_id: each for each in reversed(entries)}
    came: list[int] = []
    for start in range(0, len(first), CHUNK):
        came += _enroll_chunk(workflow, list(first.values())[start : start + CHUNK], now)
    _count_enrolled(workflow, len(came))
    deep = {each for each in came if first[each].depth > DEEPEST}
    _welcome(workflow, [first[each] for each in came if each not in deep], by, now)
    return [each for each in came if each not in deep]


def _enroll_chunk(workflow: Workflow, entries: Sequence[Entry], now: datetime) -> list[int]:
    version = db.session.get_one(Version, workflow.published_id)
    runs = _runs(workflow, [each.contact_id for each in entries])
    rows = []
    for entry in entries:
        number = _next_run(version.entry_settings, runs.get(entry.contact_id), now)
        if number is not None:
            rows.append(_row(version, entry, number, now))
    return insert_new(_enrollments, rows, returning=_enrollments.c.contact_id)


def _row(version: Version, entry: Entry, number: int, now: datetime) -> dict[str, Any]:
    is_deep = entry.depth > DEEPEST
    return {
        "workflow_id": version.workflow_id,
        "version_id": version.id,
        "contact_id": entry.contact_id,
        "entry_key": "" if number == 1 else str(number),
        "current_step_id": plan_of(version.id).first,
        "status": "failed" if is_deep else "active",
        "enrolled_at": now,
        "next_action_at": None if is_deep else now,
        "completed_at": now if is_deep else None,
        "exit_reason": TOO_DEEP if is_deep else None,
        "depth": entry.depth,
        "cause_id": entry.cause_id,
    }


def _runs(workflow: Workflow, contact_ids: Sequence[int]) -> dict[int, tuple[int, int, datetime]]:
    """For each contact who was in before: how many runs, how many still under way, and when the last began."""
    under_way = sa.func.count().filter(Enrollment.status.in_(UNDER_WAY))
    rows = db.session.execute(
        sa.select(Enrollment.contact_id, sa.func.count(), under_way, sa.func.max(Enrollment.enrolled_at))
        .where(Enrollment.workflow_id == workflow.id, Enrollment.contact_id.in_(contact_ids))
        .group_by(Enrollment.contact_id)
    )
    return {contact_id: (runs, under, last) for contact_id, runs, under, last in rows}


def _next_run(settings: dict[str, Any], before: tuple[int, int, datetime] | None, now: datetime) -> int | None:
    """The number of the run the entry rules allow now, if they allow one."""
    if before is None:
        return 1
    runs, under_way, last = before
    reentry = settings.get("reentry", "never")
    if reentry == "never" or under_way:
        return None
    if reentry == "after_days" and last > now - timedelta(days=settings.get("days", 1)):
        return None
    return runs + 1


def _count_enrolled(workflow: Workflow, number: int) -> None:
    total = Workflow.total_enrolled + number
    db.session.execute(sa.update(Workflow).where(Workflow.id == workflow.id).values(total_enrolled=total))


def _welcome(workflow: Workflow, entries: Sequence[Entry], by: Actor, now: datetime) -> None:
    if not entries:
        return
    actors = {each.depth: by if by is not SYSTEM else actor_of(workflow.name, each.depth) for each in entries}
    emit_all(
        (
            SequenceStarted(
                contact_id=each.contact_id, subject_id=workflow.id, workflow=workflow.name, by=actors[each.depth]
            )
            for each in entries
        ),
        now,
    )
    after_commit(nudge, "process_enrollments")


def actor_of(workflow_name: str, depth: int) -> Actor:
    """The workflow as the one who did something."""
    return Actor(name=f"Workflow “{workflow_name[:100]}”", depth=depth)


def exit_enrollment(enrollment: Enrollment, reason: str = "Removed by hand") -> None:
    """Take the contact out of the workflow. Taking out someone who is not under way changes nothing."""
    end(_under_way(Enrollment.id == enrollment.id).with_for_update(), reason)
    db.session.refresh(enrollment)


def hold_enrollment(enrollment: Enrollment) -> None:
    """Keep the contact where it is until a person lets it go on. Raises Refused when it is not under way."""
    db.session.refresh(enrollment, with_for_update=True)
    if not enrollment.is_under_way:
        raise Refused("The contact is not on the way in this workflow any more.")
    enrollment.status = "held"
    db.session.flush()


def release_enrollment(enrollment: Enrollment) -> None:
    """Let a contact on hold go on: what came due meanwhile is done now. Raises Refused when it is not on hold."""
    db.session.refresh(enrollment, with_for_update=True)
    if enrollment.status != "held":
        raise Refused("The contact is not on hold.")
    enrollment.status = db.session.get_one(Workflow, enrollment.workflow_id).status
    db.session.flush()
    after_commit(nudge, "process_enrollments")


def end_all(workflow: Workflow, reason: str) -> int:
    """Take everyone under way out of the workflow; how many those were. Who is on the move this moment follows when next due."""
    return end(_under_way(Enrollment.workflow_id == workflow.id).with_for_update(skip_locked=True), reason)


def end(which: sa.Select[tuple[int]], reason: str, status: str = "exited") -> int:
    """End these enrollments, and cut short whatever they were waiting at. How many there were."""
    db.session.flush()
    ids = list(db.session.scalars(which))
    for start in range(0, len(ids), CHUNK):
        some = ids[start : start + CHUNK]
        close_visits(some, reason)
        values = {"status": status, "exit_reason": reason[:255], "completed_at": clock.now(), "next_action_at": None}
        db.session.execute(
            sa.update(_enrollments).where(_enrollments.c.id.in_(some)).values(**values, waiting_for=None)
        )
    return len(ids)


def _under_way(which: sa.ColumnElement[bool]) -> sa.Select[tuple[int]]:
    return sa.select(Enrollment.id).where(which, Enrollment.status.in_(UNDER_WAY)).order_by(Enrollment.id)


def close_visits(enrollment_ids: Sequence[int], reason: str) -> None:
    """Whatever these enrollments were waiting at was cut short."""
    db.session.execute(
        sa.update(StepLog)
        .where(StepLog.enrollment_id.in_(enrollment_ids), StepLog.status == "pending")
        .values(status="skipped", executed_at=clock.now(), error_message=reason),
        execution_options={"synchronize_session": False},
    )


def retry_enrollment(enrollment: Enrollment) -> None:
    """Let a failed contact try the step again. Raises Refused when the entry rules stand against it, or nothing failed."""
    _revive(enrollment, enrollment.current_step_id)


def skip_step(enrollment: Enrollment) -> None:
    """Let a failed contact go on past the step that failed."""
    step = plan_of(enrollment.version_id).steps.get(enrollment.current_step_id or 0)
    _revive(enrollment, step.after if step else None)


def _revive(enrollment: Enrollment, step_id: int | None) -> None:
    db.session.refresh(enrollment, with_for_update=True)
    workflow = db.session.get_one(Workflow, enrollment.workflow_id)
    if enrollment.status != "failed":
        raise Refused("Only a failed enrollment can be tried again.")
    if workflow.status not in {"active", "paused"}:
        raise Refused(f"“{workflow.name}” is not running.")
    runs = _runs(workflow, [enrollment.contact_id])
    if runs[enrollment.contact_id][1]:
        raise Refused("The contact is in this workflow again already.")
    enrollment.current_step_id = step_id
    enrollment.status = workflow.status
    enrollment.next_action_at = clock.now()
    enrollment.arrived_at = enrollment.completed_at = enrollment.exit_reason = enrollment.event_id = None
    enrollment.depth = 0
    db.session.flush()
    after_commit(nudge, "process_enrollments")


def move_all(workflow_id: int, old: str, new: str) -> None:
    """Everyone in the workflow from one status to another. Who is on the move this moment follows when next due."""
    free = sa.select(_enrollments.c.id).where(_enrollments.c.workflow_id == workflow_id, _enrollments.c.status == old)
    moved = sa.update(_enrollments).where(_enrollments.c.id.in_(free.with_for_update(skip_locked=True)))
    db.session.execute(moved.values(status=new))


def _existing(contact_ids: Iterable[int]) -> list[int]:
    ids = sorted(set(contact_ids))
    found: list[int] = []
    for start in range(0, len(ids), CHUNK):
        found += db.session.scalars(sa.select(Contact.id).where(Contact.id.in_(ids[start : start + CHUNK])))
    return found
