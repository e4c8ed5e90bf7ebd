"""What the routes of the workflow screens share: finding the workflow and its draft, making one change, saying what stood against it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import Form

from crm.automation import operations, queries
from crm.automation.models import Step, Version, Workflow
from crm.automation.refusals import Refused, Stale
from crm.database import commit, db, rollback

Reply = str | tuple[str, int] | Response


def workflow_or_404(workflow_id: int) -> Workflow:
    """The workflow the address names."""
    return db.session.get(Workflow, workflow_id) or abort(404)


def draft_or_404(workflow_id: int) -> tuple[Workflow, Version]:
    """The workflow and the draft that is being edited; without a draft there is nothing to edit here."""
    workflow = workflow_or_404(workflow_id)
    return workflow, queries.draft_of(workflow) or abort(404)


def step_or_404(version: Version, step_id: int) -> Step:
    """The step of this version the address names."""
    step = db.session.get(Step, step_id)
    return step if step and step.version_id == version.id else abort(404)


def attempt(version: Version, change: Callable[[], object]) -> Refused | None:
    """Make one change for someone who saw the posted revision, and commit; or what stands against it, with nothing changed."""
    try:
        operations.expect(version, request.form.get("revision", type=int))
        change()
    except Refused as refusal:
        rollback()
        return refusal
    commit()
    return None


def panel(
    template: str, *, form: Form | FlaskForm | None = None, refusal: Refused | None = None, **values: Any
) -> tuple[str, int]:
    """A panel with its form: 409 when somebody else was quicker, 422 when what was posted could not be done as it is."""
    is_stale = isinstance(refusal, Stale)
    code = 409 if is_stale else 422 if request.method == "POST" else 200
    return render_template(f"automation/{template}", form=form, refusal=refusal, is_stale=is_stale, **values), code


def to_editor(workflow: Workflow, step: Step | None = None) -> Response:
    """Back to the editor, at the step that was changed."""
    step_id = step.id if step else None
    anchor = f"step-{step_id}" if step_id else None
    return redirect(url_for("workflows.show", workflow_id=workflow.id, step=step_id, _anchor=anchor), 303)


def done_or_said(refusal: Refused | None, workflow: Workflow, step: Step | None = None) -> Response:
    """Back to the editor after a change made with one press; what stood against it is said there."""
    if refusal:
        flash(str(refusal), "warning")
    return to_editor(workflow, step)
