"""Writing a task."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import DateField, SelectField, StringField, TextAreaField, TimeField
from wtforms.validators import InputRequired, Length, Optional

from crm.tasks.models import PRIORITIES
from crm.users.queries import users_by_name


def _assignees() -> list[tuple[str, str]]:
    return [("", "Nobody yet"), *((str(user.id), user.name) for user in users_by_name())]


class QuickTaskForm(FlaskForm):
    """A task in one line."""

    title = StringField("Task", [InputRequired("Say what is to be done."), Length(max=255)])
    due_date = DateField("Due", [Optional()])


class TaskForm(FlaskForm):
    """A task in full."""

    title = StringField("Task", [InputRequired("Say what is to be done."), Length(max=255)])
    description = TextAreaField("Details", [Length(max=5000)])
    due_date = DateField("Due", [Optional()])
    due_time = TimeField("At", [Optional()])
    priority = SelectField("Priority", choices=list(PRIORITIES.items()), default="medium")
    assigned_to = SelectField("For", choices=_assignees, default="")

    @property
    def assignee_id(self) -> int | None:
        return int(self.assigned_to.data) if self.assigned_to.data else None


class NewTaskForm(TaskForm):
    """A task in full, about somebody yet to be found."""

    contact = StringField("About", [InputRequired("Say who it is about.")], description="Name or email of the contact.")
