"""Finding open tasks by their title, the most urgent first."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from flask import url_for

from crm.database import db
from crm.tasks.models import Task
from crm.tasks.queries import IS_OPEN, shows_contact, visible_tasks
from crm.users.finding import Finder, Found
from crm.users.models import User


def _find(viewer: User, text: str, limit: int) -> Sequence[Found]:
    titled = [Task.title.icontains(word, autoescape=True) for word in text.split()[:8]]
    urgent = (Task.due_date.is_(None), Task.due_date, Task.id)
    found = visible_tasks(viewer).where(IS_OPEN, sa.and_(sa.true(), *titled)).order_by(*urgent).limit(limit)
    return [
        Found(each.title, url_for("tasks.edit", task_id=each.id), _note(viewer, each))
        for each in db.session.scalars(found)
    ]


def _note(viewer: User, task: Task) -> str:
    due = f"due {task.due_date:%-d %B}" if task.due_date else ""
    return " · ".join(filter(None, (task.contact.name if shows_contact(viewer, task) else "", due)))


FINDER = Finder("Tasks", "checkbox", _find, "crm.contacts.view")
