"""What the list of contacts is narrowed to by a condition, and which columns it shows."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from crm.conditions.forms import EMPTY
from crm.conditions.posting import add_clause
from crm.contacts.columns import MOST, chosen_columns, columns_for
from crm.contacts.forms import ConditionForm
from crm.contacts.listing import LONGEST_CONDITION, Wanted, condition_text, read_wanted
from crm.database import commit
from crm.users.access import requires
from crm.views.models import ContactView
from crm.views.operations import choose_columns
from crm.views.queries import columns_of, view_of

ONE_TO_FILL = add_clause(EMPTY, ())
"""What the builder begins with: one row, which may be left empty."""
bp = Blueprint("contact_list", __name__, url_prefix="/contacts")


@bp.get("/filter")
@requires("crm.contacts.view")
def edit_filter() -> ResponseReturnValue:
    """The builder, with the condition of the list that the address describes."""
    wanted = read_wanted(request.args, current_user)
    return _filter_page(ConditionForm(data={"condition": wanted.tree or ONE_TO_FILL}), wanted)


@bp.post("/filter")
@requires("crm.contacts.view", reads=True)
def apply_filter() -> ResponseReturnValue:
    """To the list of those the condition means."""
    wanted, form = read_wanted(request.args, current_user), ConditionForm()
    if form.condition.data == ONE_TO_FILL and not form.condition.is_edited:
        return redirect(url_for("contacts.index", **wanted.query(**{"if": None})), 303)
    if not form.validate_on_submit():
        return _filter_page(form, wanted, 422)
    text = condition_text(form.condition.data)
    if len(text) > LONGEST_CONDITION:
        form.condition.errors = ["This is more than an address can carry. Leave out some of it."]
        return _filter_page(form, wanted, 422)
    return redirect(url_for("contacts.index", **wanted.query(**{"if": text or None})), 303)


def _filter_page(form: ConditionForm, wanted: Wanted, status: int = 200) -> ResponseReturnValue:
    return render_template("contacts/filter.html", form=form, wanted=wanted), status


@bp.get("/columns")
@requires("crm.contacts.view")
def edit_columns() -> ResponseReturnValue:
    """Every column, those shown first and in their order."""
    wanted, view = _here()
    shown = [each.key for each in chosen_columns(current_user, columns_of(current_user, view))]
    known = columns_for(current_user)
    ordered = [*(known[key] for key in shown), *(each for key, each in known.items() if key not in shown)]
    belongs = view if view and view.is_changeable_by(current_user) else None
    return render_template("contacts/columns.html", columns=ordered, shown=shown, wanted=wanted, view=belongs)


@bp.post("/columns")
@requires("crm.contacts.view")
def save_columns() -> ResponseReturnValue:
    """Show these columns, in the order they come; a press on an arrow moves one first."""
    wanted, view = _here()
    keys = [each for each in request.form.getlist("columns") if each in columns_for(current_user)][:MOST]
    direction, _, key = request.form.get("move", "").partition(":")
    if key in keys:
        _move(keys, key, -1 if direction == "up" else 1)
    choose_columns(current_user, view, keys)
    commit()
    if direction:
        return redirect(url_for(".edit_columns", **wanted.query()), 303)
    if len(request.form.getlist("columns")) > MOST:
        flash(f"A list shows {MOST} columns; the rest were left out.", "info")
    return redirect(url_for("contacts.index", **wanted.query()), 303)


def _move(keys: list[str], key: str, step: int) -> None:
    at = keys.index(key)
    keys.insert(max(0, at + step), keys.pop(at))


def _here() -> tuple[Wanted, ContactView | None]:
    wanted = read_wanted(request.args, current_user)
    return wanted, view_of(current_user, wanted.view)
