"""What is done to tasks: moved over the board, cancelled, put off, given away, deleted and brought back; one or many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from crm.database import commit, rollback
from crm.lib import clock
from crm.lib.htmx import is_htmx
from crm.tasks import operations, overview, queries, reminders
from crm.tasks.drawing import surroundings
from crm.tasks.models import Task
from crm.tasks.operations import Refused
from crm.users.access import requires
from crm.users.queries import teams_by_name, users_by_name
from crm.users.redirects import own_page

bp = Blueprint("task_acts", __name__)


@bp.get("/tasks/board")
@requires("crm.contacts.view")
def board() -> str:
    """Tasks as cards in columns."""
    return _board(request.args.get("whose", "mine"))


@bp.post("/tasks/board")
@requires("crm.contacts.edit")
def move() -> ResponseReturnValue:
    """Put a card into a column: the one dropped there, or the one whose menu says so (`to`: the card and the column)."""
    whose = request.form.get("whose", "mine")
    card, _, status = request.form.get("to", "").partition("-")
    card, status = card or request.form.get("card", ""), status or request.form.get("status", "")
    task = queries.visible_task(current_user, int(card) if card.isdecimal() and len(card) < 19 else 0)
    try:
        operations.move_task(task, status, current_user.actor)
    except Refused:
        abort(400)
    commit()
    return _board(whose) if is_htmx() else redirect(url_for(".board", whose=whose), 303)


@bp.post("/tasks/<int:task_id>/cancellation")
@requires("crm.contacts.edit")
def cancel(task_id: int) -> ResponseReturnValue:
    """Say that a task need not be done."""
    operations.cancel_task(queries.visible_task(current_user, task_id), current_user.actor)
    commit()
    flash("The task was cancelled.", "good")
    return redirect(url_for("tasks.edit", task_id=task_id), 303)


@bp.post("/tasks/<int:task_id>/reminder")
@requires("crm.contacts.edit")
def reminder(task_id: int) -> ResponseReturnValue:
    """Put the task off until the moment that is chosen, or let it remind nobody ("off")."""
    task = queries.visible_task(current_user, task_id)
    choice = request.values.get("choice", "")
    if choice == "off":
        reminders.cancel_reminder(task)
    else:
        reminders.snooze_tasks([task], _until(choice))
    commit()
    flash("It will not remind." if choice == "off" else f"Put off: {reminders.SNOOZES[choice].lower()}.", "good")
    on_contact = request.args.get("on") == "contact" and queries.shows_contact(current_user, task)
    back = (
        url_for("contacts.show", contact_id=task.contact_id) if on_contact else url_for("tasks.edit", task_id=task.id)
    )
    return redirect(back, 303)


@bp.post("/tasks/many")
@requires("crm.contacts.edit")
def many() -> ResponseReturnValue:
    """Complete, put off or give away the tasks that are ticked."""
    tasks = queries.chosen_tasks(current_user, request.form.getlist("ids", type=int))
    name, _, value = request.form.get("do", "").partition("-")
    acts: dict[str, Callable[[Sequence[Task], str], str]] = {
        "complete": _complete,
        "snooze": _snooze,
        "assign": _assign,
    }
    if name not in acts:
        abort(400)
    try:
        words = acts[name](tasks, value or request.form.get("to", ""))
    except Refused as refused:
        rollback()
        flash(str(refused), "bad")
    else:
        commit()
        flash(words, "good")
    return redirect(own_page(request.form.get("back")) or url_for("tasks.index"), 303)


@bp.post("/tasks/<int:task_id>/deletion")
@requires("crm.contacts.edit")
def delete(task_id: int) -> ResponseReturnValue:
    """Take a task away; the notice offers to bring it back."""
    operations.delete_task(queries.visible_task(current_user, task_id))
    commit()
    flash({"text": "The task was deleted.", "undo_url": url_for(".restore", task_id=task_id)}, "good")  # type: ignore[arg-type]
    return redirect(url_for("tasks.index"), 303)


@bp.get("/tasks/deleted")
@requires("crm.contacts.edit")
def deleted() -> str:
    """Tasks deleted in the last thirty days."""
    return render_template("tasks/deleted.html", tasks=queries.deleted_tasks(current_user), **surroundings())


@bp.post("/tasks/<int:task_id>/restoration")
@requires("crm.contacts.edit")
def restore(task_id: int) -> ResponseReturnValue:
    """Bring a deleted task back."""
    operations.restore_task(queries.deleted_task(current_user, task_id))
    commit()
    flash("The task is back.", "good")
    return redirect(url_for("tasks.edit", task_id=task_id), 303)


def _complete(tasks: Sequence[Task], _value: str) -> str:
    return f"{_tasks(operations.complete_tasks(tasks, current_user.actor))} done."


def _snooze(tasks: Sequence[Task], choice: str) -> str:
    return f"{_tasks(reminders.snooze_tasks(tasks, _until(choice)))} put off: {reminders.SNOOZES[choice].lower()}."


def _assign(tasks: Sequence[Task], user_id: str) -> str:
    to = int(user_id) if user_id.isdecimal() and len(user_id) < 19 else None
    return f"{_tasks(operations.assign_tasks(tasks, to, current_user.actor))} given away."


def _tasks(count: int) -> str:
    return "1 task" if count == 1 else f"{count} tasks"


def _until(choice: str) -> datetime:
    if choice not in reminders.SNOOZES:
        abort(400)
    return reminders.snoozed_until(choice, clock.now(), current_user.timezone)


def _board(whose: str) -> str:
    columns = overview.board(current_user, whose, clock.now())
    template = "tasks/_board.html" if is_htmx() else "tasks/board.html"
    return render_template(
        template, columns=columns, whose=whose, people=users_by_name(), teams=teams_by_name(), **surroundings()
    )
