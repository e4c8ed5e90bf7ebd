"""Reminders of tasks: when one is due, what is said, and putting it off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from crm.database import claim, db, table_of
from crm.lib import clock
from crm.notifications.kinds import TASK_REMINDER
from crm.notifications.operations import News, notify_all
from crm.tasks.models import OPEN, Task

BATCH = 200
MORNING = time(9)
SNOOZES = {"hour": "In an hour", "tomorrow": "Tomorrow morning", "monday": "Monday morning", "week": "In a week"}
_tasks = table_of(Task)


def remind(now: datetime) -> int:
    """Tell whom the due reminders are for, each once: it is claimed in the transaction that tells. How many were taken."""
    c = _tasks.c
    due = sa.and_(
        c.reminder_at.is_not(None), c.reminded_at.is_(None), c.reminder_at <= now, c.status.in_(OPEN), c.deleted_at.is_(None)
    )  # fmt: skip
    rows = claim(_tasks, due, {"reminded_at": now}, order_by=c.reminder_at, limit=BATCH)
    told = [(row.assigned_to or row.created_by, row) for row in sorted(rows, key=lambda row: row.reminder_at)]
    notify_all([_reminder(user_id, row) for user_id, row in told if user_id])
    return len(rows)


def snooze_tasks(tasks: Sequence[Task], until: datetime) -> int:
    """Put open tasks off until that moment: they remind then, and what would be late by then becomes due then. How many."""
    snoozed = [each for each in tasks if each.is_open]
    for task in snoozed:
        there = clock.local(until, task.assignee.timezone if task.assignee else "UTC")
        task.reminder_at, task.reminded_at = until, None
        if task.due_date and (task.due_date, task.due_time or time.max) < (there.date(), there.time()):
            task.due_date, task.due_time = there.date(), there.time() if task.due_time else None
    db.session.flush()
    return len(snoozed)


def cancel_reminder(task: Task) -> None:
    """Let the task remind nobody."""
    task.reminder_at = task.reminded_at = None
    db.session.flush()


def snoozed_until(choice: str, now: datetime, zone: str) -> datetime:
    """The moment a choice means on the clock of `zone`. Raises KeyError for a choice there is not."""
    here = clock.local(now, zone)
    days = {"tomorrow": 1, "monday": 7 - here.weekday(), "week": 7}
    if choice == "hour":
        return (now + timedelta(hours=1)).replace(second=0, microsecond=0)
    return clock.moment_of(datetime.combine(here.date() + timedelta(days=days[choice]), MORNING), zone)


def _reminder(user_id: int, row: sa.Row[Any]) -> News:
    day = f"Due {row.due_date:%-d %b %Y}" if row.due_date else ""
    hour = f", {row.due_time:%H:%M}" if row.due_time else ""
    return News(user_id, TASK_REMINDER, f"Reminder: {row.title}", f"{day}{hour}", f"/tasks/{row.id}")
