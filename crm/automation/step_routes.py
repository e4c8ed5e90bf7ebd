"""The steps of a draft: put one in, change it, move it, copy it, take it out."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort, request, url_for
from wtforms import Form

from crm.automation import editor, operations
from crm.automation.editing import Reply, attempt, done_or_said, draft_or_404, form_of, panel, step_or_404, to_editor
from crm.automation.editor import Spot
from crm.automation.models import Step, Version, Workflow
from crm.automation.refusals import Refused
from crm.automation.step_type import StepType
from crm.automation.types import STEPS
from crm.users.access import requires

bp = Blueprint("steps", __name__, url_prefix="/workflows/<int:workflow_id>/steps")


@bp.get("/palette")
@requires("crm.workflows.create")
def palette(workflow_id: int) -> Reply:
    """Choose the kind of step that goes in."""
    workflow, version = draft_or_404(workflow_id)
    return panel("palette.html", workflow=workflow, version=version, groups=editor.palette(), spot=_spot(request.args))


@bp.route("/new/<kind>", methods=["GET", "POST"])
@requires("crm.workflows.create")
def new(workflow_id: int, kind: str) -> Reply:
    """Fill in a new step, and put it where the address says."""
    workflow, version = draft_or_404(workflow_id)
    step_type = STEPS.get(kind) or abort(404)
    spot = _spot(request.values)
    made: list[Step] = []

    def add(form: Form) -> None:
        parent = step_or_404(version, spot.parent_id) if spot.parent_id else None
        config = step_type.config_of(form)
        made.append(
            operations.add_step(version, kind, config, parent=parent, branch=spot.branch, position=spot.position)
        )

    form = form_of(step_type)
    is_saved, refusal = _save(version, form, add)
    if is_saved:
        return to_editor(workflow, made[0])
    action = url_for("steps.new", workflow_id=workflow.id, kind=kind)
    return _form_panel(workflow, version, step_type, form, refusal, title=step_type.label, action=action, spot=spot)


@bp.route("/<int:step_id>", methods=["GET", "POST"])
@requires("crm.workflows.create")
def edit(workflow_id: int, step_id: int) -> Reply:
    """Change what a step does."""
    workflow, version = draft_or_404(workflow_id)
    step = step_or_404(version, step_id)
    step_type = STEPS.get(step.step_type) or abort(404)
    form = form_of(step_type, step.step_config)
    is_saved, refusal = _save(version, form, lambda form: operations.update_step(step, step_type.config_of(form)))
    if is_saved:
        return to_editor(workflow, step)
    action = url_for("steps.edit", workflow_id=workflow.id, step_id=step_id)
    return _form_panel(workflow, version, step_type, form, refusal, title=step_type.label, action=action, spot=None)


def _save(version: Version, form: Form, change: Callable[[Form], object]) -> tuple[bool, Refused | None]:
    """Carry out the change if the form was posted and is right: whether it was done, and what stood against it."""
    if request.method != "POST" or not form.validate():
        return False, None
    refusal = attempt(version, lambda: change(form))
    return refusal is None, refusal


def _form_panel(
    workflow: Workflow, version: Version, step_type: StepType, form: Form, refusal: Refused | None, **values: object
) -> tuple[str, int]:
    values = {"workflow": workflow, "version": version, "kind": step_type, **values}
    return panel("step_form.html", form=form, refusal=refusal, **values)


@bp.get("/<int:step_id>/place")
@requires("crm.workflows.create")
def choose_place(workflow_id: int, step_id: int) -> Reply:
    """Choose where the step goes."""
    return _place_panel(*draft_or_404(workflow_id), step_id)


@bp.post("/<int:step_id>/place")
@requires("crm.workflows.create")
def place(workflow_id: int, step_id: int) -> Reply:
    """Move the step: up or down among its neighbours, or to the spot that was chosen."""
    workflow, version = draft_or_404(workflow_id)
    step = step_or_404(version, step_id)
    spot = _neighbour(step, request.form.get("go", "")) or Spot.parse(request.form.get("to", ""))
    if spot is None:
        return _place_panel(workflow, version, step_id, Refused("Choose where the step goes."))
    refusal = attempt(version, lambda: _move(version, step, spot))
    if refusal and "to" in request.form:
        return _place_panel(workflow, version, step_id, refusal)
    return done_or_said(refusal, workflow, step)


@bp.post("/move")
@requires("crm.workflows.create")
def move(workflow_id: int) -> Reply:
    """Move a step that was dragged."""
    workflow, version = draft_or_404(workflow_id)
    step = step_or_404(version, request.form.get("step", 0, type=int))
    return done_or_said(attempt(version, lambda: _move(version, step, _spot(request.form))), workflow, step)


def _neighbour(step: Step, go: str) -> Spot | None:
    change = {"up": -1, "down": 1}.get(go)
    if change is None:
        return None
    return Spot(step.parent_step_id, step.branch_type, max(1, step.step_order + change))


def _move(version: Version, step: Step, spot: Spot) -> None:
    parent = step_or_404(version, spot.parent_id) if spot.parent_id else None
    operations.move_step(step, parent=parent, branch=spot.branch, position=spot.position)


def _place_panel(workflow: Workflow, version: Version, step_id: int, refusal: Refused | None = None) -> tuple[str, int]:
    outline = editor.outline_of(workflow, version)
    card = outline.card_of(step_id) or abort(404)
    choices = editor.spots_for(card, outline)
    return panel("place.html", refusal=refusal, workflow=workflow, version=version, card=card, choices=choices)


@bp.post("/<int:step_id>/copy")
@requires("crm.workflows.create")
def copy(workflow_id: int, step_id: int) -> Reply:
    """Put a copy of the step, and of what hangs below it, right after it."""
    workflow, version = draft_or_404(workflow_id)
    step = step_or_404(version, step_id)
    copies: list[Step] = []
    refusal = attempt(version, lambda: copies.append(operations.duplicate_step(step)))
    return done_or_said(refusal, workflow, copies[0] if copies else step)


@bp.route("/<int:step_id>/deletion", methods=["GET", "POST"])
@requires("crm.workflows.create")
def deletion(workflow_id: int, step_id: int) -> Reply:
    """Say what goes with the step, and delete it with that."""
    workflow, version = draft_or_404(workflow_id)
    step = step_or_404(version, step_id)
    refusal = None
    if request.method == "POST":
        refusal = attempt(version, lambda: operations.delete_step(step, with_below=True))
        if not refusal:
            return to_editor(workflow)
    card = editor.outline_of(workflow, version).card_of(step_id) or abort(404)
    return panel("deletion.html", refusal=refusal, workflow=workflow, version=version, card=card)


def _spot(values: object) -> Spot:
    """Where the posted or linked place is; what cannot be read is the end of the trunk."""
    get = values.get  # type: ignore[attr-defined]
    return Spot(get("parent", type=int) or None, get("branch") or Spot.branch, get("position", type=int))
