"""Making tasks and getting them done. Every verb may be done twice without harm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from crm.activity.operations import emit, emit_all
from crm.activity.vocabulary import SYSTEM, Actor, TaskAssigned, TaskCancelled, TaskCompleted, TaskCreated, TaskReopened
from crm.database import db
from crm.lib import clock
from crm.notifications.kinds import TASK_ASSIGNED
from crm.notifications.operations import News, notify_all
from crm.tasks.models import OPEN, PRIORITIES, Task
from crm.users.models import User

KEPT_FOR = timedelta(days=30)
CLOSED = ("completed", "cancelled")
FAR = "Choose a year from 1800 to 2999."


@dataclass(frozen=True)
class NewTask:
    """A task to be made."""

    contact_id: int
    title: str
    description: str = ""
    due_date: date | None = None
    due_time: time | None = None
    priority: str = "medium"
    assigned_to: int | None = None
    by: Actor = SYSTEM
    reminder_at: datetime | None = None


class Refused(Exception):
    """What was asked for cannot be; `problems` says why, by field."""

    def __init__(self, problems: dict[str, str]):
        super().__init__(" ".join(problems.values()))
        self.problems = problems


def create_tasks(tasks: Sequence[NewTask]) -> list[int]:
    """Make all these tasks at once and tell whom they are for; their ids, in the same order. Titles are cut to what fits."""
    rows = [_row(each) for each in tasks]
    if not rows:
        return []
    ids = list(db.session.scalars(sa.insert(Task).returning(Task.id, sort_by_parameter_order=True), rows))
    emit_all(
        TaskCreated(contact_id=each.contact_id, subject_id=number, task=each.title[:255], by=each.by)
        for each, number in zip(tasks, ids, strict=True)
    )
    notify_all(
        [
            _given(each.assigned_to, number, each.title, each.by)
            for each, number in zip(tasks, ids, strict=True)
            if each.assigned_to is not None and each.assigned_to != each.by.user_id
        ]
    )
    return ids


def create_task(new: NewTask) -> Task:
    """One task, as a person writes it. Raises Refused."""
    new = replace(new, title=_checked(new.title, new.priority, new.due_date, new.due_time))
    made = db.session.get(Task, create_tasks([new])[0])
    assert made is not None
    return made


def update_task(
    task: Task,
    title: str,
    *,
    description: str = "",
    due_date: date | None = None,
    due_time: time | None = None,
    priority: str = "medium",
    assigned_to: int | None = None,
    reminder_at: datetime | None = None,
    by: Actor = SYSTEM,
) -> None:
    """Change what is to be done, when and by whom. Another moment for the reminder makes it due anew. Raises Refused."""
    task.title = _checked(title, priority, due_date, due_time)
    task.description = description.strip() or None
    task.due_date, task.due_time, task.priority = due_date, due_time, priority
    if reminder_at != task.reminder_at:
        task.reminder_at, task.reminded_at = reminder_at, None
    db.session.flush()
    assign_tasks([task], assigned_to, by)


def assign_tasks(tasks: Sequence[Task], user_id: int | None, by: Actor) -> int:
    """Give the tasks to this user, or to nobody yet; how many changed hands. Raises Refused for who may not work here."""
    user = db.session.get(User, user_id) if user_id is not None else None
    if user_id is not None and (user is None or not user.is_enabled):
        raise Refused({"assigned_to": "Choose somebody with an open account."})
    moving = [each for each in tasks if each.assigned_to != user_id]
    for task in moving:
        task.assigned_to = user_id
    db.session.flush()
    name = user.name if user else ""
    emit_all(
        TaskAssigned(contact_id=each.contact_id, subject_id=each.id, task=each.title, to=name, by=by) for each in moving
    )
    if user_id is not None and user_id != by.user_id:
        notify_all([_given(user_id, each.id, each.title, by) for each in moving if each.is_open])
    return len(moving)


def complete_task(task: Task, by: Actor) -> bool:
    """Tick the task off; whether it was open."""
    return complete_tasks([task], by) == 1


def complete_tasks(tasks: Sequence[Task], by: Actor) -> int:
    """Tick off those of the tasks that are open; how many."""
    done = _move(tasks, OPEN, "completed")
    emit_all(TaskCompleted(contact_id=each.contact_id, subject_id=each.id, task=each.title, by=by) for each in done)
    return len(done)


def cancel_task(task: Task, by: Actor) -> bool:
    """Say that the task need not be done; whether it was open."""
    if not _move([task], OPEN, "cancelled"):
        return False
    emit(TaskCancelled(contact_id=task.contact_id, subject_id=task.id, task=task.title, by=by))
    return True


def reopen_task(task: Task, by: Actor = SYSTEM) -> bool:
    """Take the tick back; whether the task was closed."""
    if not _move([task], CLOSED, "pending"):
        return False
    emit(TaskReopened(contact_id=task.contact_id, subject_id=task.id, task=task.title, by=by))
    return True


def move_task(task: Task, status: str, by: Actor) -> None:
    """Put the task into another column of the board. Raises Refused for a column there is not."""
    if status == "completed":
        complete_task(task, by)
    elif status == "cancelled":
        cancel_task(task, by)
    elif status in OPEN:
        reopen_task(task, by)
        _move([task], OPEN, status)
    else:
        raise Refused({"status": "There is no such column."})


def delete_task(task: Task) -> None:
    """Take the task away, for everybody at once; for thirty days it can be brought back. What the timeline says of it stays."""
    task.deleted_at = task.deleted_at or clock.now()
    db.session.flush()


def restore_task(task: Task) -> None:
    """Bring a deleted task back."""
    task.deleted_at = None
    db.session.flush()


def purge_tasks(now: datetime) -> int:
    """Remove for good what was deleted more than thirty days ago; how many."""
    old = sa.delete(Task).where(Task.deleted_at.is_not(None), Task.deleted_at < now - KEPT_FOR)
    return db.session.execute(old).rowcount


def _row(new: NewTask) -> dict[str, Any]:
    return {
        "contact_id": new.contact_id,
        "title": new.title[:255],
        "description": new.description or None,
        "due_date": new.due_date,
        "due_time": new.due_time,
        "priority": new.priority,
        "assigned_to": new.assigned_to,
        "created_by": new.by.user_id,
        "reminder_at": new.reminder_at,
    }


def _given(user_id: int, task_id: int, title: str, by: Actor) -> News:
    words = f"{by.name} gave you a task: {title}" if by.name else f"New task for you: {title}"
    return News(user_id, TASK_ASSIGNED, words, url=f"/tasks/{task_id}")


def _move(tasks: Sequence[Task], before: Sequence[str], status: str) -> list[Task]:
    """Change the state of those that are still in one of `before`; these: two who tick at once tick once."""
    done = clock.now() if status == "completed" else None
    moved = db.session.scalars(
        sa.update(Task)
        .where(Task.id.in_([each.id for each in tasks]), Task.status.in_(before))
        .values(status=status, completed_at=done, updated_at=clock.now())
        .returning(Task.id),
        execution_options={"synchronize_session": False},
    )
    ids = set(moved)
    for task in tasks:
        db.session.refresh(task)
    return [each for each in tasks if each.id in ids]


def _checked(title: str, priority: str, due_date: date | None, due_time: time | None) -> str:
    """The title without outer and double spaces."""
    title = " ".join(title.split())
    problems = {}
    if not title or not title.isprintable():
        problems["title"] = "Say what is to be done."
    if len(title) > 255:
        problems["title"] = "A title has at most 255 characters."
    if priority not in PRIORITIES:
        problems["priority"] = "Choose one of the priorities."
    if due_date and not clock.is_near(due_date):
        problems["due_date"] = FAR
    if due_time and not due_date:
        problems["due_date"] = "A time needs its day."
    if problems:
        raise Refused(problems)
    return title
