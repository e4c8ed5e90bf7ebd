"""The draft of a workflow: begin one, say what starts the workflow and how often, check it, publish it or throw it away."""

from __future__ import annotations

from flask import Blueprint, flash, request
from flask_login import current_user

from crm.automation import editor, operations, queries
from crm.automation.editing import (
    Reply,
    attempt,
    done_or_said,
    draft_or_404,
    form_of,
    panel,
    to_editor,
    workflow_or_404,
)
from crm.automation.forms import EntryForm
from crm.automation.models import Version, Workflow
from crm.automation.refusals import Refused
from crm.automation.types import TRIGGER_TYPES, TRIGGERS
from crm.database import commit, rollback
from crm.users.access import requires

bp = Blueprint("drafts", __name__, url_prefix="/workflows/<int:workflow_id>")


@bp.post("/draft")
@requires("crm.workflows.create")
def begin(workflow_id: int) -> Reply:
    """Start the draft of the next version; the running one is not touched."""
    workflow = workflow_or_404(workflow_id)
    operations.edit(workflow)
    commit()
    return to_editor(workflow)


@bp.post("/draft/discard")
@requires("crm.workflows.create")
def discard(workflow_id: int) -> Reply:
    """Throw the draft away and go back to the published version."""
    workflow = workflow_or_404(workflow_id)
    try:
        operations.discard_draft(workflow)
    except Refused as refusal:
        rollback()
        return done_or_said(refusal, workflow)
    commit()
    flash("The draft was discarded.", "success")
    return to_editor(workflow)


@bp.route("/trigger", methods=["GET", "POST"])
@requires("crm.workflows.create")
def trigger(workflow_id: int) -> Reply:
    """Choose what starts the workflow, and from whom."""
    workflow, version = draft_or_404(workflow_id)
    kind = TRIGGERS.get(request.args.get("type") or version.trigger_type or "")
    stored = version.trigger_conditions if kind and kind.kind == version.trigger_type else {}
    form = form_of(kind, stored) if kind else None
    refusal = None
    if request.method == "POST" and kind and form and form.validate():
        refusal = attempt(version, lambda: operations.set_trigger(version, kind.kind, kind.config_of(form)))
        if not refusal:
            return to_editor(workflow)
    values = {"workflow": workflow, "version": version, "kind": kind, "kinds": TRIGGER_TYPES}
    return panel("trigger.html", form=form, refusal=refusal, **values)


@bp.route("/entry", methods=["GET", "POST"])
@requires("crm.workflows.create")
def entry(workflow_id: int) -> Reply:
    """Choose how often a contact may enter, and what counts as the goal."""
    workflow, version = draft_or_404(workflow_id)
    form = EntryForm(data={**version.entry_settings, "goal": version.goal.get("event", "")})
    refusal = None

    def change() -> None:
        days = form.days.data if form.reentry.data == "after_days" else None
        operations.set_entry(version, form.reentry.data, days)
        operations.set_goal(version, form.goal.data or None)

    if form.validate_on_submit():
        refusal = attempt(version, change)
        if not refusal:
            return to_editor(workflow)
    return panel("entry.html", form=form, refusal=refusal, workflow=workflow, version=version)


@bp.get("/activation")
@requires("crm.workflows.view")
def activation(workflow_id: int) -> Reply:
    """What stands against activating, what is worth a look, who waits where, and who matches already."""
    workflow = workflow_or_404(workflow_id)
    return _activation_panel(workflow)


@bp.post("/activation")
@requires("crm.workflows.activate")
def activate(workflow_id: int) -> Reply:
    """Publish the draft and let the workflow run."""
    workflow = workflow_or_404(workflow_id)
    version = queries.draft_of(workflow) or queries.published_of(workflow)
    assert version is not None
    warnings = editor.outline_of(workflow, version).warnings
    if warnings and request.form.get("accept") != "yes":
        return _activation_panel(workflow, Refused("Read the warnings and say that they are all right."))
    take_in = request.form.get("already") == "take"
    refusal = attempt(version, lambda: operations.activate(workflow, current_user.actor, take_in=take_in))
    if refusal:
        return _activation_panel(workflow, refusal)
    flash(f"“{workflow.name}” is active.", "success")
    return to_editor(workflow)


def _activation_panel(workflow: Workflow, refusal: Refused | None = None) -> tuple[str, int]:
    running = queries.published_of(workflow)
    version = queries.draft_of(workflow) or running
    assert version is not None
    return panel(
        "activation.html",
        refusal=refusal,
        workflow=workflow,
        version=version,
        running=running,
        outline=editor.outline_of(workflow, version),
        already=queries.matching_already(version),
        waiting=_waiting(workflow, running) if running is not version else [],
    )


def _waiting(workflow: Workflow, running: Version | None) -> list[editor.Card]:
    """The steps of the running version at which contacts are now."""
    if running is None:
        return []
    return [card for card in editor.outline_of(workflow, running, is_checked=False).all_cards() if card.here]
