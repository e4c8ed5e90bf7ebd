"""Tasks: the list, adding and changing one, ticking it off, and the panel of a contact."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from crm.contacts.models import Contact
from crm.contacts.queries import contact_meant, contacts_like, visible_contact
from crm.database import commit, rollback
from crm.lib import clock
from crm.lib.form_checks import is_overtaken
from crm.lib.htmx import is_htmx, piece, triggering
from crm.tasks import operations, overview, queries
from crm.tasks.drawing import surroundings
from crm.tasks.forms import EditTaskForm, NewTaskForm, QuickTaskForm, TaskForm
from crm.tasks.home_routes import mine as today
from crm.tasks.models import Task
from crm.tasks.operations import NewTask, Refused
from crm.users.access import requires
from crm.users.queries import teams_by_name, users_by_name

bp = Blueprint("tasks", __name__)


@bp.get("/tasks")
@requires("crm.contacts.view")
def index() -> str:
    """What is to be done: mine, nobody's, somebody's, a team's or all, open or done."""
    whose = request.args.get("whose", "mine")
    state = "done" if request.args.get("state") == "done" else "open"
    page = queries.task_page(current_user, whose, state, request.args.get("after"))
    return render_template(
        "tasks/index.html",
        page=page,
        groups=queries.in_groups(page.tasks, queries.clocks(current_user)),
        whose=whose,
        state=state,
        open_now=queries.open_count(current_user, whose),
        people=users_by_name(),
        teams=teams_by_name(),
        response=overview.response_time(current_user, clock.now(), whose) if state == "done" else None,
        **surroundings(),
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
    found = contacts_like(current_user, request.args.get("contact", ""))
    return render_template("tasks/_contacts.html", contacts=found)


@bp.route("/tasks/<int:task_id>", methods=["GET", "POST"])
@requires("crm.contacts.view")
def edit(task_id: int) -> ResponseReturnValue:
    """Look at a task and change it."""
    task = queries.visible_task(current_user, task_id)
    assigned_to = "" if task.assigned_to is None else str(task.assigned_to)
    form = EditTaskForm(obj=task, assigned_to=assigned_to, remind=_shown(task.reminder_at))
    version = task.updated_at.isoformat()
    may_save = request.method == "POST" and current_user.can("crm.contacts.edit") and form.validate()
    if may_save and not is_overtaken(form, version) and _update(form, task):
        flash("The task was saved.", "good")
        return redirect(url_for(".index"))
    form.seen.data = form.seen.data or version
    return render_template("tasks/edit.html", form=form, task=task, **surroundings()), 422 if form.errors else 200


@bp.route("/tasks/<int:task_id>/completion", methods=["POST", "DELETE"])
@requires("crm.contacts.edit")
def completion(task_id: int) -> ResponseReturnValue:
    """Tick a task off, or take the tick back (DELETE; a form without JavaScript posts `undo`)."""
    task = queries.visible_task(current_user, task_id)
    if request.method == "DELETE" or request.form.get("undo"):
        operations.reopen_task(task, current_user.actor)
    else:
        operations.complete_task(task, current_user.actor)
    commit()
    return _drawn(task, request.args.get("on", "")) if is_htmx() else redirect(_back(task, request.args.get("on", "")))


@bp.get("/contacts/<int:contact_id>/tasks")
@requires("crm.contacts.view")
def panel(contact_id: int) -> ResponseReturnValue:
    """The open tasks of a contact."""
    return _panel(visible_contact(current_user, contact_id))


@bp.get("/contacts/<int:contact_id>/tasks/composer")
@requires("crm.contacts.edit")
def composer(contact_id: int) -> Response:
    """A task written on top of the timeline."""
    return _composer(visible_contact(current_user, contact_id))


@bp.post("/contacts/<int:contact_id>/tasks")
@requires("crm.contacts.edit")
def add(contact_id: int) -> ResponseReturnValue:
    """A task in a few words, on top of the timeline."""
    contact = visible_contact(current_user, contact_id)
    form = QuickTaskForm()
    if not form.validate() or not _create(form, contact):
        return _composer(contact, form, 422)
    return triggering(_composer(contact), "contact-changed") if is_htmx() else redirect(_profile(contact))


def _drawn(task: Task, on: str) -> ResponseReturnValue:
    """What shows the task where it stands: on its contact's page, on the page one lands on, or in the list."""
    if on == "contact" and queries.shows_contact(current_user, task):
        return _changed(task.contact)
    return today() if on == "home" else render_template("tasks/_row.html", task=task, **surroundings())


def _back(task: Task, on: str) -> str:
    if on == "contact" and queries.shows_contact(current_user, task):
        return _profile(task.contact)
    return url_for("home.index" if on == "home" else ".index")


def _changed(contact: Contact) -> Response:
    """The panel after a change, which the timeline beside it shows too."""
    return triggering(_panel(contact), "contact-changed")


def _panel(contact: Contact) -> Response:
    tasks = queries.open_tasks_of(contact.id)
    return _piece("_panel.html", f"Tasks for {contact.name}", contact, tasks=tasks, **surroundings())


def _composer(contact: Contact, form: QuickTaskForm | None = None, status: int = 200) -> Response:
    form = form or QuickTaskForm(formdata=None, assigned_to=str(current_user.id))
    composers = current_app.extensions["composers"]
    title = f"Add a task for {contact.name}"
    return _piece("_composer.html", title, contact, status, form=form, composers=composers)


def _piece(template: str, title: str, contact: Contact, status: int = 200, **values: Any) -> Response:
    return piece(f"tasks/{template}", title, _profile(contact), status, contact=contact, **values)


def _profile(contact: Contact) -> str:
    return url_for("contacts.show", contact_id=contact.id)


def _create(form: TaskForm | QuickTaskForm, contact: Contact) -> bool:
    """Make the task the form describes; what is wrong is put beside the fields."""
    try:
        operations.create_task(NewTask(contact.id, by=current_user.actor, **_values(form)))
    except Refused as refused:
        return _show(form, refused)
    commit()
    return True


def _update(form: TaskForm, task: Task) -> bool:
    try:
        operations.update_task(task, by=current_user.actor, **_values(form, task.reminder_at))
    except Refused as refused:
        return _show(form, refused)
    commit()
    return True


def _values(form: TaskForm | QuickTaskForm, reminder_at: datetime | None = None) -> dict[str, Any]:
    """What the form says; the quick one leaves most of it out, and is for whoever writes it unless said otherwise."""
    data = form.data
    assigned_to = int(data["assigned_to"]) if data.get("assigned_to") else None
    if isinstance(form, QuickTaskForm) and "assigned_to" not in request.form:
        assigned_to = current_user.id
    return {
        "title": data["title"],
        "description": data.get("description") or "",
        "due_date": data["due_date"],
        "due_time": data.get("due_time"),
        "priority": data.get("priority") or "medium",
        "assigned_to": assigned_to,
        "reminder_at": _reminder(data.get("remind"), reminder_at),
    }


def _reminder(there: datetime | None, before: datetime | None) -> datetime | None:
    """The moment meant. One that still reads as shown is the one before, whose seconds, or second time of an hour, do not show."""
    if there == _shown(before):
        return before
    return clock.moment_of(there, current_user.timezone) if there else None


def _shown(moment: datetime | None) -> datetime | None:
    return clock.local(moment, current_user.timezone).replace(second=0, microsecond=0, tzinfo=None) if moment else None


def _show(form: TaskForm | QuickTaskForm, refused: Refused) -> bool:
    rollback()
    for name, problem in refused.problems.items():
        form[name].errors = [*form[name].errors, problem]
    return False


def _meant(form: NewTaskForm) -> Contact | None:
    try:
        return contact_meant(current_user, form.contact.data)
    except ValueError as error:
        form.contact.errors = [*form.contact.errors, str(error)]
        return None
