"""The pipeline board."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from crm.contacts.board import CARDS, COUNTED, board
from crm.contacts.listing import Wanted, filters_for, read_wanted
from crm.contacts.models import LIFECYCLE_STAGES
from crm.contacts.operations import Overtaken, Refused, update_contact
from crm.contacts.queries import visible_contact
from crm.database import commit, rollback
from crm.lib import clock
from crm.lib.htmx import is_htmx
from crm.users.access import requires

bp = Blueprint("pipeline", __name__, url_prefix="/pipeline")
OVERTAKEN = "Somebody else moved {} meanwhile. This is where everybody is now."


@bp.get("")
@requires("crm.contacts.view")
def index() -> ResponseReturnValue:
    """Every stage with its contacts."""
    filters = [(each, each.choices()) for each in filters_for(current_user) if each.key != "stage"]
    return render_template("pipeline/index.html", **_values(), filters=filters)


@bp.post("/<int:contact_id>/stage")
@requires("crm.contacts.edit")
def move(contact_id: int) -> ResponseReturnValue:
    """Put the contact into another stage, unless somebody else was quicker."""
    contact = visible_contact(current_user, contact_id, to_change=True)
    name, seen = contact.name, request.form.get("seen")
    values = {"lifecycle_stage": request.form.get("stage") or contact.lifecycle_stage}
    try:
        update_contact(contact, values, current_user.actor, {"lifecycle_stage": seen} if seen else {})
        commit()
    except (Refused, Overtaken) as refused:
        rollback()
        return _moved(OVERTAKEN.format(name) if isinstance(refused, Overtaken) else str(refused), contact_id, 409)
    return _moved("", contact_id)


def _moved(problem: str, contact_id: int, status: int = 200) -> ResponseReturnValue:
    if is_htmx():
        return render_template("pipeline/_board.html", **_values(), problem=problem, moved_id=contact_id), status
    if problem:
        flash(problem, "bad")
    return redirect(url_for(".index", **_wanted().query()), 303)


def _values() -> dict[str, Any]:
    wanted = _wanted()
    stages = board(wanted, current_user, clock.now())
    return {"wanted": wanted, "stages": stages, "labels": LIFECYCLE_STAGES, "most": COUNTED, "shown": CARDS}


def _wanted() -> Wanted:
    """What the board is narrowed to; its columns are the stages already."""
    wanted = read_wanted(request.args, current_user)
    return replace(wanted, chosen={key: values for key, values in wanted.chosen.items() if key != "stage"}, view=None)
