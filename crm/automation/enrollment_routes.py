"""Contacts in a workflow: who is where, one contact's journey, letting in by hand, trying again and taking out."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from crm.automation import editor, journey, operations, queries
from crm.automation.editing import Reply, panel, workflow_or_404
from crm.automation.models import ENROLLMENT_STATUSES, Enrollment, Version, Workflow
from crm.automation.refusals import Refused
from crm.contacts.models import Contact
from crm.contacts.queries import visible_contact, visible_contacts
from crm.contacts.search import found_by
from crm.database import commit, db, rollback
from crm.lib.htmx import is_htmx, piece
from crm.users.access import requires

bp = Blueprint("enrollments", __name__)
PAGE = 50
FOUND = 20


@bp.get("/workflows/<int:workflow_id>/enrollments")
@requires("crm.workflows.view")
def index(workflow_id: int) -> str:
    """The workflow's contacts, newest first, by how far they got or by the step they are at."""
    workflow = workflow_or_404(workflow_id)
    status = request.args.get("status")
    status = status if status in ENROLLMENT_STATUSES else None
    step_id = request.args.get("step", type=int)
    before = request.args.get("before", type=int)
    found = queries.enrollments_of(workflow, current_user, status, before, PAGE + 1, step_id=step_id)
    rows = found[:PAGE]
    return render_template(
        "automation/enrollments.html",
        workflow=workflow,
        rows=rows,
        cards=_cards(workflow, {each.version_id for each in rows}),
        more=rows[-1].id if len(found) > PAGE else None,
        status=status,
        statuses=ENROLLMENT_STATUSES,
        step_id=step_id,
        counts=queries.counts_of([workflow.id])[workflow.id],
    )


def _cards(workflow: Workflow, version_ids: set[int]) -> dict[int, editor.Card]:
    """The steps of these versions as people see them, by id."""
    versions = db.session.scalars(sa.select(Version).where(Version.id.in_(version_ids)))
    return {
        card.step.id: card
        for version in versions
        for card in editor.outline_of(workflow, version, is_checked=False).all_cards()
    }


@bp.get("/workflows/<int:workflow_id>/enrollments/new")
@requires("crm.workflows.activate")
def new(workflow_id: int) -> Reply:
    """Find a contact to enrol by hand."""
    workflow = workflow_or_404(workflow_id)
    return _enroll_panel(workflow)


@bp.post("/workflows/<int:workflow_id>/enrollments")
@requires("crm.workflows.activate")
def create(workflow_id: int) -> Reply:
    """Let a contact in by hand, as far as the entry rules allow."""
    workflow = workflow_or_404(workflow_id)
    contact = visible_contact(current_user, request.form.get("contact_id", 0, type=int))
    refusal = _let_in(workflow, contact)
    if refusal:
        return _enroll_panel(workflow, refusal)
    flash(f"{contact.name} is on the way.", "success")
    return redirect(url_for("enrollments.index", workflow_id=workflow.id), 303)


def _let_in(workflow: Workflow, contact: Contact) -> Refused | None:
    """Enrol the contact and commit; or what stands against it."""
    try:
        if operations.enroll(workflow, [contact.id], current_user.actor):
            commit()
            return None
    except Refused as refusal:
        rollback()
        return refusal
    rollback()
    return Refused(f"{contact.name} was in “{workflow.name}” before, and may not enter again now.")


def _enroll_panel(workflow: Workflow, refusal: Refused | None = None) -> tuple[str, int]:
    typed = request.values.get("q", "")
    found = visible_contacts(current_user).where(found_by(typed)).order_by(Contact.sort_name, Contact.id).limit(FOUND)
    return panel("enroll.html", refusal=refusal, workflow=workflow, typed=typed, found=db.session.scalars(found).all())


@bp.get("/workflows/<int:workflow_id>/enrollments/<int:enrollment_id>")
@requires("crm.workflows.view")
def show(workflow_id: int, enrollment_id: int) -> str:
    """The journey: each visit with what was decided and why."""
    enrollment = _enrollment_or_404(workflow_id, enrollment_id)
    return render_template(
        "automation/journey.html",
        enrollment=enrollment,
        workflow=enrollment.workflow,
        contact=enrollment.contact,
        version=db.session.get_one(Version, enrollment.version_id),
        stops=journey.stops(enrollment),
        cause=journey.cause_of(enrollment),
        page_of=_page_of,
    )


def _page_of(subject_type: str, subject_id: int) -> str | None:
    """The address where the subject of an activity is looked at, if it has a page."""
    endpoint, argument = current_app.extensions.get("subject_pages", {}).get(subject_type, ("", ""))
    return url_for(endpoint, **{argument: subject_id}) if endpoint in current_app.view_functions else None


@bp.post("/workflows/<int:workflow_id>/enrollments/<int:enrollment_id>/retry")
@requires("crm.workflows.activate")
def retry(workflow_id: int, enrollment_id: int) -> Response:
    """Let a failed contact try the step again."""
    return _change(workflow_id, enrollment_id, operations.retry_enrollment, "The step is tried again.")


@bp.post("/workflows/<int:workflow_id>/enrollments/<int:enrollment_id>/skip")
@requires("crm.workflows.activate")
def skip(workflow_id: int, enrollment_id: int) -> Response:
    """Let a failed contact go on past the step."""
    return _change(workflow_id, enrollment_id, operations.skip_step, "Went on past the step that failed.")


@bp.post("/workflows/<int:workflow_id>/enrollments/<int:enrollment_id>/hold")
@requires("crm.workflows.activate")
def hold(workflow_id: int, enrollment_id: int) -> Response:
    """Keep the contact where it is."""
    return _change(
        workflow_id, enrollment_id, operations.hold_enrollment, "On hold: nothing happens until you say “Go on”."
    )


@bp.post("/workflows/<int:workflow_id>/enrollments/<int:enrollment_id>/release")
@requires("crm.workflows.activate")
def release(workflow_id: int, enrollment_id: int) -> Response:
    """Let a contact on hold go on."""
    return _change(
        workflow_id, enrollment_id, operations.release_enrollment, "Going on: what came due meanwhile is done now."
    )


@bp.post("/workflows/<int:workflow_id>/enrollments/<int:enrollment_id>/exit")
@requires("crm.workflows.activate")
def exit_(workflow_id: int, enrollment_id: int) -> Response:
    """Take the contact out of the workflow."""
    return _change(workflow_id, enrollment_id, operations.exit_enrollment, "Taken out of the workflow.")


def _change(workflow_id: int, enrollment_id: int, operation: Callable[[Enrollment], None], words: str) -> Response:
    enrollment = _enrollment_or_404(workflow_id, enrollment_id)
    try:
        operation(enrollment)
    except Refused as refusal:
        rollback()
        flash(str(refusal), "warning")
    else:
        commit()
        flash(words, "success")
    if request.args.get("on") == "contact":
        return redirect(url_for("contacts.show", contact_id=enrollment.contact_id), 303)
    return redirect(url_for("enrollments.show", workflow_id=workflow_id, enrollment_id=enrollment_id), 303)


def _enrollment_or_404(workflow_id: int, enrollment_id: int) -> Enrollment:
    enrollment = queries.visible_enrollment(enrollment_id, current_user)
    return enrollment if enrollment and enrollment.workflow_id == workflow_id else abort(404)


@bp.get("/contacts/<int:contact_id>/workflows")
@requires("crm.contacts.view", "crm.workflows.view")
def of_contact(contact_id: int) -> Response:
    """The contact's workflows, for their profile, with a way into another."""
    return _contact_panel(visible_contact(current_user, contact_id))


@bp.post("/contacts/<int:contact_id>/workflows")
@requires("crm.contacts.view", "crm.workflows.activate")
def add_contact(contact_id: int) -> Reply:
    """Let the contact into a workflow, from their profile."""
    contact = visible_contact(current_user, contact_id)
    refusal = _let_in(workflow_or_404(request.form.get("workflow_id", 0, type=int)), contact)
    if refusal or is_htmx():
        return _contact_panel(contact, refusal)
    return redirect(url_for("contacts.show", contact_id=contact.id), 303)


def _contact_panel(contact: Contact, refusal: Refused | None = None) -> Response:
    return piece(
        "automation/_of_contact.html",
        f"Workflows of {contact.name}",
        url_for("contacts.show", contact_id=contact.id),
        status=422 if refusal else 200,
        contact=contact,
        rows=queries.enrollments_of_contact(contact.id),
        workflows=queries.active_workflows(),
        refusal=refusal,
    )
