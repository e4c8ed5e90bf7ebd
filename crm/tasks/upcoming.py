"""Reminders still to come, for the top of a contact's timeline."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from flask import url_for

from crm.contacts.models import Contact
from crm.database import db
from crm.tasks.models import OPEN, Task
from crm.timeline.upcoming import Act, Upcoming
from crm.users.models import User


def reminders(contact: Contact, viewer: User) -> Sequence[Upcoming]:
    """The reminders of the contact's open tasks, the next first; at most twenty."""
    found = sa.select(Task).where(Task.contact_id == contact.id, Task.status.in_(OPEN), Task.deleted_at.is_(None))
    to_come = found.where(Task.reminder_at.is_not(None), Task.reminded_at.is_(None))
    may = viewer.can("crm.contacts.edit")
    return [_upcoming(each, may) for each in db.session.scalars(to_come.order_by(Task.reminder_at).limit(20))]


def _upcoming(task: Task, may_change: bool) -> Upcoming:
    assert task.reminder_at is not None
    off = url_for("task_acts.reminder", task_id=task.id, on="contact", choice="off")
    later = url_for("task_acts.reminder", task_id=task.id, on="contact", choice="tomorrow")
    acts = (Act("Tomorrow morning", later, icon="alarm"), Act("Do not remind", off, icon="bell-off"))
    who = f"for {task.assignee.name}" if task.assignee else ""
    edit = url_for("tasks.edit", task_id=task.id)
    return Upcoming(task.reminder_at, "alarm", f"Reminder: {task.title}", edit, who, acts if may_change else ())
