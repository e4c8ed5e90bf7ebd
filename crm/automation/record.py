"""Writing down what a batch did: the step log, where everyone is now, and the workflows' totals, each in one statement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crm.activity.operations import emit_all
from crm.activity.vocabulary import SequenceCompleted
from crm.automation.models import Enrollment, StepLog, Workflow
from crm.automation.travellers import Traveller, Visit
from crm.database import db, table_of
from crm.lib.bulk import execute_many

_enrollments, _logs, _workflows = table_of(Enrollment), table_of(StepLog), table_of(Workflow)

_NEW_VISIT = sa.insert(_logs)
_LEFT = (
    sa.update(_logs)
    .where(_logs.c.enrollment_id == sa.bindparam("of"), _logs.c.visit_no == sa.bindparam("visit"))
    .values({name: sa.bindparam(f"new_{name}") for name in ("status", "executed_at", "result", "error_message")})
)
_MOVED = (
    sa.update(_enrollments)
    .where(_enrollments.c.id == sa.bindparam("of"))
    .values(
        {
            name: sa.bindparam(f"new_{name}")
            for name in (
                "current_step_id", "status", "next_action_at", "arrived_at", "waiting_for", "event_id", "visit_no",
                "completed_at", "exit_reason",
            )
        }
    )
)  # fmt: skip


def write(batch: Sequence[Traveller], now: datetime) -> None:
    """The batch as it stands, with every visit it made."""
    if not batch:
        return
    new = [_new_visit(each, visit) for each in batch for visit in each.visits if not visit.is_kept]
    left = [_left(each, visit) for each in batch for visit in each.visits if visit.is_kept]
    connection = db.session.connection()
    execute_many(connection, _NEW_VISIT, new)
    execute_many(connection, _LEFT, left)
    execute_many(connection, _MOVED, [_moved(each) for each in batch])
    _complete([each for each in batch if each.status == "completed"], now)


def _new_visit(each: Traveller, visit: Visit) -> dict[str, Any]:
    return {
        "enrollment_id": each.id,
        "step_id": visit.step_id,
        "visit_no": visit.number,
        "status": visit.status,
        "executed_at": visit.left_at,
        "result": visit.result,
        "error_message": visit.error,
        "created_at": visit.arrived_at,
    }


def _left(each: Traveller, visit: Visit) -> dict[str, Any]:
    return {
        "of": each.id,
        "visit": visit.number,
        "new_status": visit.status,
        "new_executed_at": visit.left_at,
        "new_result": visit.result,
        "new_error_message": visit.error,
    }


def _moved(each: Traveller) -> dict[str, Any]:
    return {
        "of": each.id,
        "new_current_step_id": each.step_id,
        "new_status": each.status,
        "new_next_action_at": each.next_action_at,
        "new_arrived_at": each.arrived_at,
        "new_waiting_for": each.waiting_for,
        "new_event_id": each.event_id,
        "new_visit_no": each.visit_no,
        "new_completed_at": each.ended_at,
        "new_exit_reason": each.reason,
    }


def _complete(done: Sequence[Traveller], now: datetime) -> None:
    """Count those who reached the end, and say so in their timelines."""
    for workflow_id, number in sorted(Counter(each.workflow_id for each in done).items()):
        total = _workflows.c.total_completed + number
        db.session.execute(sa.update(_workflows).where(_workflows.c.id == workflow_id).values(total_completed=total))
    emit_all(
        (
            SequenceCompleted(
                contact_id=each.contact_id, subject_id=each.workflow_id, workflow=each.workflow_name, by=each.actor
            )
            for each in done
        ),
        now,
    )
