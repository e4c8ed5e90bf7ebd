"""Workflows as a whole: the list, the editor, its live preview, and what becomes of a workflow."""

from __future__ import annotations

import json
from typing import Any
from zlib import crc32

import sqlalchemy as sa
from flask import Blueprint, abort, flash, jsonify, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from crm.automation import documents, editor, flow_chart, operations, overview, queries, recipes
from crm.automation.editing import Reply, panel, to_editor, workflow_or_404
from crm.automation.forms import NameForm
from crm.automation.models import STATUSES, Version, Workflow
from crm.automation.refusals import Refused
from crm.database import commit, db, rollback
from crm.users.access import requires

bp = Blueprint("workflows", __name__)
LARGEST_FILE = 5_000_000


@bp.get("/workflows")
@requires("crm.workflows.view")
def index() -> Reply:
    """The list, newest change first; by status, when one is chosen. Nothing when it is as it was `seen`."""
    status, after = request.args.get("status"), request.args.get("after", "")
    status = status if status in STATUSES else None
    page = overview.page(status, after)
    if request.args.get("seen") == page.mark:
        return Response(status=204)
    return render_template(
        "automation/index.html",
        page=page,
        after=after or None,
        seen=page.mark,
        status=status,
        statuses=STATUSES,
        numbers=overview.numbers(),
        recipes=recipes.RECIPES,
    )


@bp.get("/workflows/new")
@requires("crm.workflows.create")
def new() -> Reply:
    """Name a new workflow."""
    return _new_panel()


@bp.post("/workflows")
@requires("crm.workflows.create")
def create() -> Reply:
    """Make an empty workflow and open it in the editor."""
    form = NameForm()
    if not form.validate_on_submit():
        return _new_panel(form)
    try:
        workflow = operations.create_workflow(form.name.data, current_user.actor)
    except Refused as refusal:
        return _new_panel(form, refusal=refusal)
    commit()
    return to_editor(workflow)


@bp.post("/workflows/recipes/<key>")
@requires("crm.workflows.create")
def start_from(key: str) -> Reply:
    """Make a workflow from a starting recipe and open it in the editor."""
    recipe = recipes.BY_KEY.get(key) or abort(404)
    workflow = documents.import_document(recipe.document, current_user.actor)
    commit()
    return to_editor(workflow)


@bp.post("/workflows/documents")
@requires("crm.workflows.create")
def import_file() -> Reply:
    """Make a workflow from a file that was exported, as a draft; what is wrong with the file is said by its place."""
    file = request.files.get("file")
    try:
        document = json.loads(file.read(LARGEST_FILE) if file else b"")
    except (ValueError, RecursionError):
        return _new_panel(
            refusal=Refused("This is not a workflow file: it is not JSON. Choose one exported from here.")
        )
    try:
        workflow = documents.import_document(document, current_user.actor)
    except documents.BadDocument as refusal:
        rollback()
        return _new_panel(refusal=refusal, problems=refusal.problems)
    commit()
    return to_editor(workflow)


def _new_panel(form: NameForm | None = None, **values: Any) -> tuple[str, int]:
    return panel("new.html", form=form or NameForm(formdata=None), recipes=recipes.RECIPES, **values)


@bp.get("/workflows/<int:workflow_id>")
@requires("crm.workflows.view")
def show(workflow_id: int) -> str:
    """The editor, on the draft if there is one; a version can be asked for by its number."""
    workflow = workflow_or_404(workflow_id)
    version = _shown(workflow, request.args.get("version", type=int))
    outline = editor.outline_of(workflow, version)
    draft = queries.draft_of(workflow)
    return render_template(
        "automation/editor.html",
        groups=editor.palette(),
        spot=editor.Spot(),
        draft=draft,
        running=queries.published_of(workflow),
        is_editable=version is draft and current_user.can("crm.workflows.create"),
        current_step=request.args.get("step", type=int),
        **_live(workflow, version, outline, version.revision),
    )


@bp.get("/workflows/<int:workflow_id>/preview")
@requires("crm.workflows.view")
def preview(workflow_id: int) -> Reply:
    """The drawn flow with the numbers as they are now; nothing when nothing changed since `seen`."""
    workflow = workflow_or_404(workflow_id)
    version = _shown(workflow, request.args.get("version", type=int))
    seen_revision = request.args.get("revision", version.revision, type=int)
    live = _live(workflow, version, editor.outline_of(workflow, version), seen_revision)
    if request.args.get("seen") == live["seen"]:
        return Response(status=204)
    return render_template("automation/_live.html", **live)


def _shown(workflow: Workflow, number: int | None) -> Version:
    if number is not None:
        return _numbered(workflow, number) or abort(404)
    return queries.draft_of(workflow) or queries.published_of(workflow) or abort(404)


def _numbered(workflow: Workflow, number: int) -> Version | None:
    return db.session.scalar(sa.select(Version).filter_by(workflow_id=workflow.id, number=number))


def _live(workflow: Workflow, version: Version, outline: editor.Outline, revision: int) -> dict[str, object]:
    """What changes while one looks on at a `revision`: the chart, the numbers, and a mark to tell whether they changed."""
    chart = flow_chart.draw(outline)
    counts = queries.counts_of([workflow.id])[workflow.id]
    is_stale = revision != version.revision
    seen = str(crc32(f"{chart}{counts}{workflow.status}{is_stale}".encode()))
    values = {"workflow": workflow, "version": version, "outline": outline, "seen_revision": revision}
    return {**values, "chart": chart, "counts": counts, "is_stale": is_stale, "seen": seen}


@bp.route("/workflows/<int:workflow_id>/name", methods=["GET", "POST"])
@requires("crm.workflows.create")
def name(workflow_id: int) -> Reply:
    """Rename the workflow, in place or on a page of its own."""
    workflow = workflow_or_404(workflow_id)
    form = NameForm(obj=workflow)
    if not form.validate_on_submit():
        return panel("name.html", form=form, workflow=workflow)
    try:
        operations.rename_workflow(workflow, form.name.data)
    except Refused as refusal:
        rollback()
        return panel("name.html", form=form, workflow=workflow, refusal=refusal)
    commit()
    return to_editor(workflow)


@bp.post("/workflows/<int:workflow_id>/copy")
@requires("crm.workflows.create")
def copy(workflow_id: int) -> Reply:
    """A workflow like this one, as a draft of its own."""
    workflow = workflow_or_404(workflow_id)
    document = documents.export_document(_shown(workflow, None)) | {"name": f"Copy of {workflow.name}"[:255]}
    try:
        made = documents.import_document(document, current_user.actor)
    except Refused as refusal:
        rollback()
        flash(f"It cannot be duplicated as it is: {refusal}", "warning")
        return to_editor(workflow)
    commit()
    flash(f"“{made.name}” is a draft of its own.", "success")
    return to_editor(made)


@bp.get("/workflows/<int:workflow_id>/document")
@requires("crm.workflows.view")
def document(workflow_id: int) -> Response:
    """The workflow as a file, to keep or to import elsewhere."""
    workflow = workflow_or_404(workflow_id)
    reply = jsonify(documents.export_document(_shown(workflow, None)))
    reply.headers["Content-Disposition"] = f'attachment; filename="workflow-{workflow.id}.json"'
    return reply


@bp.post("/workflows/<int:workflow_id>/status")
@requires("crm.workflows.activate")
def status(workflow_id: int) -> Reply:
    """Pause, resume or archive."""
    workflow = workflow_or_404(workflow_id)
    change, words = STATUS_CHANGES.get(request.values.get("status", "")) or abort(400)
    change(workflow)
    commit()
    flash(words, "success")
    return redirect(url_for("workflows.show", workflow_id=workflow.id), 303)


STATUS_CHANGES = {
    "paused": (operations.pause, "Paused: everyone stays where they are, and nobody new comes in."),
    "active": (operations.resume, "Resumed: what came due meanwhile is done now."),
    "archived": (operations.archive, "Archived: everyone under way has left the workflow."),
}
