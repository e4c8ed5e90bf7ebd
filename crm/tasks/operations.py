"""Making tasks and getting them done. Every verb may be done twice without harm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, time

import sqlalchemy as sa

from crm.activity.operations import emit, emit_all
from crm.activity.vocabulary import SYSTEM, Actor, TaskCompleted, TaskCreated
from crm.database import db
from crm.lib import clock
from crm.tasks.models import OPEN, PRIORITIES, Task


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


class Refused(Exception):
    """What was asked for cannot be; `problems` says why, by field."""

    def __init__(self, problems: dict[str, str]):
        super().__init__(" ".join(problems.values()))
        self.problems = problems


def create_tasks(tasks: Sequence[NewTask]) -> list[int]:
    """Make all these tasks at once; their ids, in the same order. Titles are taken as they are, cut to what fits."""
    rows = [
        {
            "contact_id": each.contact_id,
            "title": each.title[:255],
            "description": each.description or None,
            "due_date": each.due_date,
            "due_time": each.due_time,
            "priority": each.priority,
            "assigned_to": each.assigned_to,
            "created_by": each.by.user_id,
        }
        for each in tasks
    ]
    if not rows:
        return []
    ids = list(db.session.scalars(sa.insert(Task).returning(Task.id, sort_by_parameter_order=True), rows))
    emit_all(
        TaskCreated(contact_id=each.contact_id, subject_id=number, task=each.title[:255], by=each.by)
        for each, number in zip(tasks, ids, strict=True)
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
) -> None:
    """Change what is to be done, when and by whom. Raises Refused."""
    task.title = _checked(title, priority, due_date, due_time)
    task.description = description.strip() or None
    task.due_date, task.due_time = due_date, due_time
    task.priority, task.assigned_to = priority, assigned_to
    db.session.flush()


def complete_task(task: Task, by: Actor) -> bool:
    """Tick the task off; whether it was open."""
    if not _move(task, OPEN, "completed"):
        return False
    emit(TaskCompleted(contact_id=task.contact_id, subject_id=task.id, task=task.title, by=by))
    return True


def reopen_task(task: Task) -> bool:
    """Take the tick back; whether the task was closed."""
    return _move(task, ("completed", "cancelled"), "pending")


def delete_task(task: Task) -> None:
    """Remove the task. What the timeline says of it stays."""
    db.session.delete(task)
    db.session.flush()


def _move(task: Task, before: Sequence[str], status: str) -> bool:
    """Change the state, if it is still one of `before`: two who tick at once tick once."""
    done = clock.now() if status == "completed" else None
    moved = db.session.execute(
        sa.update(Task)
        .where(Task.id == task.id, Task.status.in_(before))
        .values(status=status, completed_at=done, updated_at=clock.now()),
        execution_options={"synchronize_session": False},
    )
    db.session.refresh(task)
    return bool(moved.rowcount)


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
    if due_time and not due_date:
        problems["due_date"] = "A time needs its day."
    if problems:
        raise Refused(problems)
    return title
