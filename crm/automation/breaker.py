"""A workflow that keeps failing pauses itself, before more contacts run into the same wall."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from crm.automation.enrolling import move_all
from crm.automation.models import Enrollment, Workflow
from crm.automation.travellers import Traveller
from crm.database import db

MOST_FAILURES = 20
MOST_OF_LAST = 0.10
LAST = 100
ENDED = ("completed", "exited", "failed")


def check(batch: Iterable[Traveller], now: datetime) -> None:
    """Pause each workflow of this batch that fails too often: over 20 failures, and over 10 % of its last hundred runs."""
    for workflow_id in {each.workflow_id for each in batch if each.status == "failed"}:
        workflow = db.session.get_one(Workflow, workflow_id, populate_existing=True)
        failures, last = _failures(workflow), _last_runs(workflow)
        failing = sum(status == "failed" for status in last)
        if failures > MOST_FAILURES and failing > MOST_OF_LAST * len(last):
            _pause(workflow, failing, len(last), now)


def _failures(workflow: Workflow) -> int:
    since = workflow.resumed_at or workflow.activated_at
    failed = sa.select(sa.func.count()).select_from(Enrollment).where(
        Enrollment.workflow_id == workflow.id, Enrollment.status == "failed"
    )  # fmt: skip
    return db.session.scalar(failed.where(Enrollment.completed_at >= since) if since else failed) or 0


def _last_runs(workflow: Workflow) -> list[str]:
    """How the last hundred runs that ended did so, by when they began."""
    newest: list[tuple[int, str]] = []
    for status in ENDED:
        found = sa.select(Enrollment.id).where(Enrollment.workflow_id == workflow.id, Enrollment.status == status)
        newest += [(number, status) for number in db.session.scalars(found.order_by(Enrollment.id.desc()).limit(LAST))]
    return [status for _, status in sorted(newest, reverse=True)[:LAST]]


def _pause(workflow: Workflow, failing: int, runs: int, now: datetime) -> None:
    workflow.status, workflow.updated_at = "paused", now
    workflow.paused_reason = f"Paused itself: {failing} of its last {runs} runs failed"
    db.session.flush()
    move_all(workflow.id, "active", "paused")
