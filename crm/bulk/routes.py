"""Changing many contacts at once: what to do, how far it has come, and taking it back."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from crm.bulk import runs
from crm.bulk.kinds import KINDS
from crm.bulk.kinds.kind import Kind
from crm.bulk.kinds.set_field import suggested
from crm.bulk.models import BulkAction
from crm.bulk.operations import AT_ONCE, request_action, stop_action, undo_action
from crm.bulk.queries import action_of, recent_actions
from crm.contacts.listing import contact_count, contact_list_url, read_wanted
from crm.contacts.queries import visible_ids
from crm.database import commit, rollback
from crm.lib import clock
from crm.tags.queries import all_tags
from crm.users.access import requires

bp = Blueprint("bulk", __name__, url_prefix="/contacts/bulk")


@bp.get("")
@requires("crm.contacts.edit")
def index() -> ResponseReturnValue:
    """What was done to many at once of late."""
    return render_template("bulk/index.html", actions=recent_actions(current_user), now=clock.now())


@bp.get("/new")
@requires("crm.contacts.edit")
def new() -> ResponseReturnValue:
    """What can be done to all that the list of this address means."""
    return _choices(None, {})


@bp.post("/new")
@requires("crm.contacts.edit", reads=True)
def new_for_chosen() -> ResponseReturnValue:
    """What can be done to those chosen in the list."""
    return _choices(visible_ids(current_user, request.form.getlist("ids", type=int)), {})


@bp.post("/<kind>")
@requires("crm.contacts.edit")
def start(kind: str) -> ResponseReturnValue:
    """Do it: at once to a few, in the worker to many."""
    found = KINDS.get(kind) or abort(404)
    if not found.is_for(current_user):
        abort(403)
    ids = request.form.getlist("ids", type=int) if "ids" in request.form else None
    form, wanted = found.form(current_user), read_wanted(request.args, current_user)
    try:
        if not form.validate_on_submit():
            raise ValueError("Please send the form again.")
        params = found.params(form, current_user)
    except ValueError as error:
        rollback()
        return _choices(ids, {kind: str(error)}, 422)
    many = {"ids": ids} if ids is not None else {"query": wanted.saved_query}
    action = request_action(kind, params, found.title(params), current_user, **many)
    is_short = len(ids) <= AT_ONCE if ids is not None else contact_count(wanted, current_user, AT_ONCE + 1) <= AT_ONCE
    commit()
    if is_short:
        runs.run(action.id, is_gentle=False)
        return _done(action, contact_list_url(wanted))
    return redirect(url_for(".show", action_id=action.id), 303)


@bp.get("/<int:action_id>")
@requires("crm.contacts.edit")
def show(action_id: int) -> ResponseReturnValue:
    """How far it has come."""
    return render_template("bulk/show.html", action=_action(action_id), now=clock.now())


@bp.get("/<int:action_id>/state")
@requires("crm.contacts.edit")
def state(action_id: int) -> ResponseReturnValue:
    """The part of the page that changes."""
    return render_template("bulk/_state.html", action=_action(action_id), now=clock.now())


@bp.post("/<int:action_id>/stop")
@requires("crm.contacts.edit")
def stop(action_id: int) -> ResponseReturnValue:
    """Stop it; what was changed stays."""
    stop_action(_action(action_id))
    commit()
    return redirect(url_for(".show", action_id=action_id), 303)


@bp.post("/<int:action_id>/undo")
@requires("crm.contacts.edit")
def undo(action_id: int) -> ResponseReturnValue:
    """Take it back."""
    action = _action(action_id)
    try:
        undo_action(action)
    except ValueError as error:
        rollback()
        flash(str(error), "bad")
        return redirect(url_for(".show", action_id=action_id), 303)
    commit()
    if action.changed <= AT_ONCE:
        runs.run(action.id, is_gentle=False)
    return redirect(url_for(".show", action_id=action_id), 303)


def _choices(ids: list[int] | None, problems: dict[str, str], status: int = 200) -> ResponseReturnValue:
    wanted = read_wanted(request.args, current_user)
    kinds: list[tuple[Kind, Any]] = [
        (each, each.form(current_user)) for each in KINDS.values() if each.is_for(current_user)
    ]
    count = len(ids) if ids is not None else contact_count(wanted, current_user)
    values = {"ids": ids, "kinds": kinds, "count": count, "query": wanted.query(), "problems": problems}
    values["suggested"] = suggested(current_user)
    return render_template("bulk/new.html", **values, tags=all_tags(), back=contact_list_url(wanted)), status


def _done(action: BulkAction, back: str) -> ResponseReturnValue:
    people = f"{action.changed:,} contact{'' if action.changed == 1 else 's'} changed"
    undo_url = url_for(".undo", action_id=action.id) if action.can_be_undone(clock.now()) else None
    flash({"text": f"{action.title}: {people}.", "undo_url": undo_url}, "good" if action.status == "done" else "bad")
    return redirect(back, 303)


def _action(action_id: int) -> BulkAction:
    return action_of(current_user, action_id) or abort(404)
