"""/tasks."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import url_for
from flask_login import current_user
from marshmallow import fields
from marshmallow.validate import OneOf

from crm.api.paging import paged
from crm.api.resource import Resource, actor
from crm.api.shapes import ListArgs, Ref, Shape, an_id, id_parameter, moment, page_of, text
from crm.contacts.queries import visible_ids
from crm.database import db
from crm.lib.problems import Problem
from crm.tasks.models import PRIORITIES, STATUSES, Task
from crm.tasks.operations import NewTask, Refused, create_task, delete_task, move_task, update_task
from crm.tasks.queries import shows_contact, visible_task, visible_tasks
from crm.users.access import requires
from crm.users.models import User

bp = Resource("tasks", "What is to be done about a contact.")
CHANGED = ("title", "description", "due_date", "due_time", "priority", "assigned_to", "reminder_at")


class TaskFields(Shape):
    """The fields of a task that may be changed. Those left out stay as they are."""

    title = text("What is to be done.", 255, 1)
    description = text("Details.", 5000, allow_none=True)
    due_date = fields.Date(allow_none=True, metadata={"description": "The day, on the assignee's clock."})
    due_time = fields.Time(allow_none=True, metadata={"description": "The time of that day."})
    priority = fields.String(validate=OneOf(list(PRIORITIES)))
    assigned_to = Ref("Who does it: id or email address of a member of staff.", allow_none=True)
    reminder_at = moment("When to remind.", allow_none=True)
    status = fields.String(validate=OneOf(list(STATUSES)), metadata={"description": "Where it stands."})


class TaskIn(TaskFields):
    """A task to make."""

    contact_id = an_id("Whom it is about.", required=True)
    title = text("What is to be done.", 255, 1, required=True)


class TaskOut(Shape):
    """A task."""

    id = an_id(required=True)
    contact_id = an_id("Whom it is about; null if that is not for you to know.", required=True, allow_none=True)
    title = fields.String(required=True)
    description = fields.String(required=True, allow_none=True)
    due_date = fields.Date(required=True, allow_none=True)
    due_time = fields.Time(required=True, allow_none=True)
    priority = fields.String(required=True)
    status = fields.String(required=True)
    assigned_to = an_id("Who does it.", required=True, allow_none=True)
    reminder_at = moment(required=True, allow_none=True)
    completed_at = moment(required=True, allow_none=True)
    created_at = moment(required=True)
    updated_at = moment(required=True)


class TaskListArgs(ListArgs):
    """Which tasks."""

    contact = id_parameter("About this contact.")
    assigned_to = id_parameter("For this member of staff.")
    status = fields.String(
        validate=OneOf([*STATUSES, "open"]), metadata={"description": "`open`: pending or in progress."}
    )


@bp.get("")
@requires("crm.contacts.view")
@bp.arguments(TaskListArgs, location="query")
@bp.response(200, page_of(TaskOut))
def index(args: dict[str, Any]) -> Any:
    """Tasks, newest first."""
    found = visible_tasks(current_user)
    if "contact" in args:
        found = found.where(Task.contact_id.in_(visible_ids(current_user, [args["contact"]])))
    if "assigned_to" in args:
        found = found.where(Task.assigned_to == args["assigned_to"])
    if "status" in args:
        wanted = ["pending", "in_progress"] if args["status"] == "open" else [args["status"]]
        found = found.where(Task.status.in_(wanted))
    page = paged(found, Task, args)
    return {**page, "data": [_shown(each) for each in page["data"]]}


@bp.post("")
@requires("crm.contacts.edit")
@bp.arguments(TaskIn, example={"contact_id": 1, "title": "Call Carla", "due_date": "2026-03-31"})
@bp.response(201, TaskOut)
def create(sent: dict[str, Any]) -> Any:
    """Make a task."""
    if not visible_ids(current_user, [sent["contact_id"]]):
        raise Problem(422, errors=[{"pointer": "/contact_id", "detail": "There is no such contact."}])
    values = {key: sent[key] for key in CHANGED if key in sent and sent[key] is not None} | _assignee(sent)
    try:
        task = create_task(NewTask(sent["contact_id"], by=actor(), **values))
    except Refused as refused:
        raise _problem(refused) from None
    _move(task, sent)
    return _shown(task), 201, {"Location": url_for(".show", task_id=task.id)}


@bp.get("/<int:task_id>")
@requires("crm.contacts.view")
@bp.response(200, TaskOut)
def show(task_id: int) -> Any:
    """One task."""
    return _shown(visible_task(current_user, task_id))


@bp.patch("/<int:task_id>")
@requires("crm.contacts.edit")
@bp.arguments(TaskFields)
@bp.response(200, TaskOut)
def change(sent: dict[str, Any], task_id: int) -> Any:
    """Change a task, tick it off (`status` completed) or take the tick back."""
    task = visible_task(current_user, task_id)
    now = {key: sent.get(key, getattr(task, key)) for key in CHANGED} | _assignee(sent)
    try:
        update_task(task, now.pop("title"), **{**now, "description": now["description"] or ""}, by=actor())
    except Refused as refused:
        raise _problem(refused) from None
    _move(task, sent)
    return _shown(task)


@bp.delete("/<int:task_id>")
@requires("crm.contacts.edit")
@bp.response(204)
def delete(task_id: int) -> Any:
    """Delete a task."""
    delete_task(visible_task(current_user, task_id))


def _move(task: Task, sent: dict[str, Any]) -> None:
    if "status" in sent:
        move_task(task, sent["status"], actor())


def _assignee(sent: dict[str, Any]) -> dict[str, int | None]:
    """Who is to do it, if that was said. Raises Problem for somebody who is not there."""
    if "assigned_to" not in sent:
        return {}
    ref = sent["assigned_to"]
    if ref is None:
        return {"assigned_to": None}
    is_id = isinstance(ref, int) or (ref.isascii() and ref.isdigit() and len(ref) < 19)
    wanted = User.id == int(ref) if is_id else User.email == ref.strip().lower()
    found = db.session.scalar(sa.select(User.id).where(wanted, User.is_enabled))
    if found is None:
        raise Problem(422, errors=[{"pointer": "/assigned_to", "detail": "Nobody at the school has this account."}])
    return {"assigned_to": found}


def _shown(task: Task) -> dict[str, Any]:
    shown = {key: getattr(task, key) for key in TaskOut._declared_fields}
    return shown if shows_contact(current_user, task) else {**shown, "contact_id": None}


def _problem(refused: Refused) -> Problem:
    return Problem(422, errors=[{"pointer": f"/{key}", "detail": text} for key, text in refused.problems.items()])
