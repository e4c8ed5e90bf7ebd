"""Writing a task."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import (
    DateField,
    DateTimeLocalField,
    Field,
    HiddenField,
    SelectField,
    StringField,
    TextAreaField,
    TimeField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from crm.lib.clock import is_near
from crm.lib.form_checks import choices
from crm.tasks.models import PRIORITIES
from crm.tasks.operations import FAR
from crm.users.queries import users_by_name


def _assignees() -> list[SelectChoice]:
    return choices([("", "Nobody yet"), *((str(user.id), user.name) for user in users_by_name())])


class QuickTaskForm(FlaskForm):
    """A task in one line."""

    title = StringField("Task", [InputRequired("Say what is to be done."), Length(max=255)])
    due_date = DateField("Due", [Optional()])
    assigned_to = SelectField("For", choices=_assignees, validate_choice=False)
    """May be left out: then the task is for whoever writes it."""

    def validate_assigned_to(self, field: Field) -> None:
        if field.data and field.data not in {each.value for each in _assignees()}:
            raise ValidationError("Choose one of the people.")


class TaskForm(FlaskForm):
    """A task in full."""

    title = StringField("Task", [InputRequired("Say what is to be done."), Length(max=255)])
    description = TextAreaField("Details", [Length(max=5000)])
    due_date = DateField("Due", [Optional()])
    due_time = TimeField("At", [Optional()])
    remind = DateTimeLocalField("Remind", [Optional()], format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])
    priority = SelectField("Priority", choices=choices(PRIORITIES.items()), default="medium")
    assigned_to = SelectField("For", choices=_assignees, default="")

    def validate_remind(self, field: Field) -> None:
        """A moment that every clock can show."""
        if field.data and not is_near(field.data):
            raise ValidationError(FAR)


class EditTaskForm(TaskForm):
    """A task to change; `seen` is when it was last changed as far as the page knows."""

    seen = HiddenField()


class NewTaskForm(TaskForm):
    """A task in full, about somebody yet to be found."""

    contact = StringField("About", [InputRequired("Say who it is about.")], description="Name or email of the contact.")
