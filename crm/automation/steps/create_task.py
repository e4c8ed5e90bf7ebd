"""Give somebody a task about the contact."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from wtforms import Form, IntegerField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from crm.automation.decisions import CreateTask as CreateTaskEffect
from crm.automation.decisions import Decision, Next
from crm.automation.declared import Problem
from crm.automation.merge_field import merge_tags_known
from crm.automation.references import USER
from crm.automation.step_type import Config, StepType
from crm.automation.view import View
from crm.lib import clock, merge_tags
from crm.lib.form_checks import choices
from crm.tasks.models import PRIORITIES

OWNER, NOBODY = "owner", "nobody"


def _assignees() -> list[SelectChoice]:
    return [*choices([(OWNER, "The contact's owner"), (NOBODY, "Nobody yet")]), *USER.options()]


class CreateTaskForm(Form):
    title = StringField("Title", [InputRequired("Say what is to be done."), Length(max=255), merge_tags_known])
    description = TextAreaField("Details", [Length(max=5000), merge_tags_known])
    due_in_days = IntegerField("Due in days", [Optional(), NumberRange(0, 3650, "Give a number from 0 to 3,650.")])
    priority = SelectField("Priority", choices=choices(PRIORITIES.items()), default="medium")
    assignee = SelectField("For", choices=_assignees, default=OWNER)


class CreateTask(StepType):
    """Makes a task about the contact for their owner, a person you choose, or nobody yet. Title and details may use
    merge tags. The due day is counted on the school's calendar."""

    kind = "create_task"
    label = "Create a task"
    group = "Lead management"
    icon = "checkbox"
    Form = CreateTaskForm

    def summary(self, config: Config) -> str:
        due = config.get("due_in_days")
        when = "" if due is None else " due today" if due == 0 else f" due in {due} day{'s'[: due != 1]}"
        return f"Create the task “{config.get('title', '…')}” for {_who(config)},{when}".rstrip(",")

    def missing(self, config: Config) -> list[Problem]:
        chosen = _chosen(config)
        if chosen and USER.find(chosen) is None:
            return [Problem("assignee", "The user was deleted.")]
        return []

    def decide(self, view: View, config: Config, now: datetime) -> Decision:
        values = view.merge_values()
        task = CreateTaskEffect(
            title=merge_tags.render(config["title"], values)[:255] or "Task",
            description=merge_tags.render(config.get("description", ""), values),
            due_date=_due_date(view, config, now),
            priority=config.get("priority", "medium"),
            assigned_to=view.owner_id if _assignee(config) == OWNER else _chosen(config),
        )
        return Decision(Next(), f"Task created: {task.title}", (task,))


def _assignee(config: Config) -> str:
    return str(config.get("assignee") or OWNER)


def _chosen(config: Config) -> int | None:
    """The user named in the configuration, if one is."""
    return int(_assignee(config)) if _assignee(config).isdigit() else None


def _who(config: Config) -> str:
    names = {OWNER: "the owner", NOBODY: "nobody yet"}
    return names.get(_assignee(config)) or USER.name_of(_assignee(config))


def _due_date(view: View, config: Config, now: datetime) -> date | None:
    days = config.get("due_in_days")
    return None if days is None else clock.local(now, view.zone).date() + timedelta(days=days)
