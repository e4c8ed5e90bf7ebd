"""What the routes of the workflow screens share: finding the workflow and its draft, making one change, saying what stood against it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response
from wtforms import Form
from wtforms.validators import StopValidation

from crm.automation import operations, queries
from crm.automation.declared import Declared
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


def form_of(kind: Declared, config: Mapping[str, Any] | None = None) -> Form:
    """The form of a trigger or step: as posted, or as stored. A new name typed beside a choice is made and chosen.

    What was made is kept with the change or not at all.
    """
    makes = makes_of(kind)
    if request.method != "POST":
        form = kind.form(None, config)
    else:
        posted = MultiDict(request.form)
        problems = {key: problem for key in makes if (problem := _make(kind, key, posted))}
        form = kind.form(posted, config)
        _tell(form, problems)
    for key in makes:
        form[key].flags.required = False
    return form


def makes_of(kind: Declared | None) -> dict[str, str]:
    """The keys for which a new name may be typed by this person, with what it makes."""
    references = kind.references if kind else {}
    return {key: each.noun for key, each in references.items() if each.make and current_user.can(each.permission)}


def _make(kind: Declared, key: str, posted: MultiDict[str, str]) -> str:
    """Let a new name take the place of the choice; what is wrong with it."""
    name = posted.get(f"new_{key}", "").strip()
    try:
        if name:
            posted[key] = str(kind.references[key].named(name, current_user.actor))
    except ValueError as problem:
        return str(problem)
    return ""


def _tell(form: Form, problems: Mapping[str, str]) -> None:
    """Let the form's validation find these problems."""

    def found(_form: Form, field: Any) -> None:
        raise StopValidation(problems[field.name])

    for key in problems:
        form[key].validators = [found]


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
    values = {"makes": makes_of(values.get("kind")), "refusal": refusal, "is_stale": is_stale, **values}
    return render_template(f"automation/{template}", form=form, **values), code


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
