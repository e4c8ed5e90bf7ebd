"""Tasks: the list, adding and changing one, ticking it off, and the panel of a contact."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from crm.contacts.models import Contact
from crm.contacts.queries import visible_contact
from crm.database import commit, rollback
from crm.lib.htmx import is_htmx, piece, triggering
from crm.tasks import operations, queries
from crm.tasks.forms import NewTaskForm, QuickTaskForm, TaskForm
from crm.tasks.models import Task
from crm.tasks.operations import NewTask, Refused
from crm.users.access import requires

bp = Blueprint("tasks", __name__)


@bp.get("/tasks")
@requires("crm.contacts.view")
def index() -> str:
    """What is to be done: mine or all, open or done."""
    whose = "all" if request.args.get("whose") == "all" else "mine"
    state = "done" if request.args.get("state") == "done" else "open"
    page = queries.task_page(current_user, whose, state, request.args.get("after"))
    groups = queries.in_groups(page.tasks, queries.today_of(current_user))
    mine = queries.open_count(current_user)
    return render_template(
        "tasks/index.html", page=page, groups=groups, whose=whose, state=state, mine=mine, **_surroundings()
    )


@bp.route("/tasks/new", methods=["GET", "POST"])
@requires("crm.contacts.edit")
def new() -> ResponseReturnValue:
    """Write a task in full; about the contact named in the address, or about one to be found."""
    contact_id = request.args.get("contact_id", type=int)
    contact = visible_contact(current_user, contact_id) if contact_id else None
    form = TaskForm(assigned_to=str(current_user.id)) if contact else NewTaskForm(assigned_to=str(current_user.id))
    if form.validate_on_submit():
        contact = contact or _meant(form)
        if contact and _create(form, contact):
            return redirect(url_for(".index"))
    return render_template("tasks/new.html", form=form, contact=contact), 422 if form.errors else 200


@bp.get("/tasks/contacts")
@requires("crm.contacts.edit")
def contacts() -> str:
    """Contacts to choose from while a name is typed."""
    found = queries.contacts_like(current_user, request.args.get("contact", ""))
    return render_template("tasks/_contacts.html", contacts=found)


@bp.route("/tasks/<int:task_id>", methods=["GET", "POST"])
@requires("crm.contacts.view")
def edit(task_id: int) -> ResponseReturnValue:
    """Look at a task and change it."""
    task = queries.visible_task(current_user, task_id)
    form = TaskForm(obj=task, assigned_to="" if task.assigned_to is None else str(task.assigned_to))
    if request.method == "POST" and current_user.can("crm.contacts.edit") and form.validate() and _update(form, task):
        flash("The task was saved.", "good")
        return redirect(url_for(".index"))
    return render_template("tasks/edit.html", form=form, task=task, **_surroundings()), 422 if form.errors else 200


@bp.post("/tasks/<int:task_id>/deletion")
@requires("crm.contacts.edit")
def delete(task_id: int) -> ResponseReturnValue:
    """Remove a task."""
    operations.delete_task(queries.visible_task(current_user, task_id))
    commit()
    flash("The task was deleted.", "good")
    return redirect(url_for(".index"))


@bp.route("/tasks/<int:task_id>/completion", methods=["POST", "DELETE"])
@requires("crm.contacts.edit")
def completion(task_id: int) -> ResponseReturnValue:
    """Tick a task off, or take the tick back (DELETE; a form without JavaScript posts `undo`)."""
    task = queries.visible_task(current_user, task_id)
    if request.method == "DELETE" or request.form.get("undo"):
        operations.reopen_task(task)
    else:
        operations.complete_task(task, current_user.actor)
    commit()
    on_contact = request.args.get("on") == "contact" and queries.shows_contact(current_user, task)
    if is_htmx():
        return (
            _changed(task.contact) if on_contact else render_template("tasks/_row.html", task=task, **_surroundings())
        )
    return redirect(url_for("contacts.show", contact_id=task.contact_id) if on_contact else url_for(".index"))


@bp.get("/contacts/<int:contact_id>/tasks")
@requires("crm.contacts.view")
def panel(contact_id: int) -> ResponseReturnValue:
    """The open tasks of a contact."""
    return _panel(visible_contact(current_user, contact_id))


@bp.post("/contacts/<int:contact_id>/tasks")
@requires("crm.contacts.edit")
def add(contact_id: int) -> ResponseReturnValue:
    """A task in one line, for whoever adds it."""
    contact = visible_contact(current_user, contact_id)
    form = QuickTaskForm()
    if not form.validate() or not _create(form, contact):
        return _panel(contact, form, 422)
    return _changed(contact) if is_htmx() else redirect(url_for("contacts.show", contact_id=contact.id))


def _changed(contact: Contact) -> Response:
    """The panel after a change, which the timeline beside it shows too."""
    return triggering(_panel(contact), "contact-changed")


def _panel(contact: Contact, form: QuickTaskForm | None = None, status: int = 200) -> Response:
    return piece(
        "tasks/_panel.html",
        f"Tasks for {contact.name}",
        url_for("contacts.show", contact_id=contact.id),
        status,
        contact=contact,
        tasks=queries.open_tasks_of(contact.id),
        form=form or QuickTaskForm(formdata=None),
        **_surroundings(),
    )


def _surroundings() -> dict[str, Any]:
    """What a task is drawn with."""
    return {
        "today": queries.today_of(current_user),
        "shows_contact": lambda task: queries.shows_contact(current_user, task),
    }


def _create(form: TaskForm | QuickTaskForm, contact: Contact) -> bool:
    """Make the task the form describes; what is wrong is put beside the fields."""
    quick = {"title": form.title.data, "due_date": form.due_date.data, "assigned_to": current_user.id}
    values = _values(form) if isinstance(form, TaskForm) else quick
    try:
        operations.create_task(NewTask(contact.id, by=current_user.actor, **values))
    except Refused as refused:
        return _show(form, refused)
    commit()
    return True


def _update(form: TaskForm, task: Task) -> bool:
    try:
        operations.update_task(task, **_values(form))
    except Refused as refused:
        return _show(form, refused)
    commit()
    return True


def _values(form: TaskForm) -> dict[str, Any]:
    return {
        "title": form.title.data,
        "description": form.description.data or "",
        "due_date": form.due_date.data,
        "due_time": form.due_time.data,
        "priority": form.priority.data,
        "assigned_to": form.assignee_id,
    }


def _show(form: TaskForm | QuickTaskForm, refused: Refused) -> bool:
    rollback()
    for name, problem in refused.problems.items():
        form[name].errors = [*form[name].errors, problem]
    return False


def _meant(form: NewTaskForm) -> Contact | None:
    """The one contact the form can mean; otherwise the field says why there is none."""
    found = queries.contacts_like(current_user, form.contact.data)
    if len(found) == 1:
        return found[0]
    names = ", ".join(f"{each.name} ({each.email})" if each.email else each.name for each in found[:4])
    problem = f"Which one? {names}. Write the email." if found else "There is no such contact."
    form.contact.errors = [*form.contact.errors, problem]
    return None
