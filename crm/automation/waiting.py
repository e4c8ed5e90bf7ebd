"""Workflow steps whose time has come, for the hold and the health page."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from crm.automation.enrolling import end
from crm.automation.models import Enrollment
from crm.health.waiting import Waiting

BATCH = 500


def _due(now: datetime) -> sa.Select[tuple[datetime]]:
    due = Enrollment.status == "active", Enrollment.next_action_at <= now
    return sa.select(Enrollment.next_action_at).where(*due).order_by(Enrollment.next_action_at)


def _skip(before: datetime, reason: str) -> int:
    late = sa.select(Enrollment.id).where(Enrollment.status == "active", Enrollment.next_action_at < before)
    return end(late.order_by(Enrollment.next_action_at).limit(BATCH), reason)


WAITING = Waiting("steps", "workflow step", "workflow steps", _due, _skip, "workflows.index")
