"""Saved views of the list of contacts."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from crm.contacts.columns import chosen_columns
from crm.contacts.forms import ViewForm
from crm.contacts.listing import read_wanted
from crm.database import commit, rollback
from crm.users.access import requires
from crm.views.models import ContactView
from crm.views.operations import change_view, delete_view, pin_view, save_view, unpin_view
from crm.views.queries import columns_of, pinned_by, view_of, views_of

bp = Blueprint("contact_views", __name__, url_prefix="/contacts/views")


@bp.get("")
@requires("crm.contacts.view")
def index() -> ResponseReturnValue:
    """One's own views and those that are shared."""
    return render_template("views/index.html", views=views_of(current_user), pinned=pinned_by(current_user))


@bp.get("/<int:view_id>")
@requires("crm.contacts.view")
def show(view_id: int) -> ResponseReturnValue:
    """The list as the view has it."""
    return redirect(url_of(_view(view_id)))


@bp.route("/new", methods=["GET", "POST"])
@requires("crm.contacts.view")
def new() -> ResponseReturnValue:
    """Save the list that the address describes."""
    wanted, form = read_wanted(request.args, current_user), ViewForm()
    if form.validate_on_submit():
        before = view_of(current_user, wanted.view)
        shown = chosen_columns(current_user, columns_of(current_user, before))
        values = {"is_shared": form.is_shared.data, "columns": [each.key for each in shown]}
        try:
            view = save_view(current_user, form.name.data or "", wanted.saved_query, **values)
        except ValueError as error:
            return _refused(form, error, None, wanted.query())
        commit()
        flash(f"The view “{view.name}” was saved.", "good")
        return redirect(url_of(view), 303)
    return _form(form, None, wanted.query())


@bp.route("/<int:view_id>/edit", methods=["GET", "POST"])
@requires("crm.contacts.view")
def edit(view_id: int) -> ResponseReturnValue:
    """Rename the view, share it or keep it to oneself."""
    view = _view(view_id, to_change=True)
    form = ViewForm(obj=view)
    if form.validate_on_submit():
        try:
            change_view(view, form.name.data or "", is_shared=form.is_shared.data)
        except ValueError as error:
            return _refused(form, error, view, {})
        commit()
        return redirect(url_for(".index"), 303)
    return _form(form, view, {})


@bp.post("/<int:view_id>/query")
@requires("crm.contacts.view")
def update(view_id: int) -> ResponseReturnValue:
    """Let the view mean the list that the address describes."""
    view = _view(view_id, to_change=True)
    view.query = read_wanted(request.args, current_user).saved_query
    commit()
    flash(f"The view “{view.name}” was changed.", "good")
    return redirect(url_of(view), 303)


@bp.post("/<int:view_id>/pin")
@requires("crm.contacts.view")
def pin(view_id: int) -> ResponseReturnValue:
    """Have the view as a tab, or (`is_pinned` = no) no longer."""
    view = _view(view_id)
    (unpin_view if request.form.get("is_pinned") == "no" else pin_view)(current_user, view)
    commit()
    return redirect(url_for(".index"), 303)


@bp.post("/<int:view_id>/deletion")
@requires("crm.contacts.view")
def delete(view_id: int) -> ResponseReturnValue:
    """Remove the view. The contacts stay."""
    view = _view(view_id, to_change=True)
    delete_view(view)
    commit()
    flash(f"The view “{view.name}” was deleted.", "good")
    return redirect(url_for(".index"), 303)


def url_of(view: ContactView) -> str:
    """The list as the view has it."""
    return url_for("contacts.index", **{**view.query, "view": view.id})


def _form(form: ViewForm, view: ContactView | None, query: dict[str, Any], status: int = 200) -> ResponseReturnValue:
    values = {"form": form, "view": view, "query": query}
    return render_template("views/form.html", **values), 422 if form.errors else status


def _refused(form: ViewForm, error: ValueError, view: ContactView | None, query: dict[str, Any]) -> ResponseReturnValue:
    rollback()
    form.name.errors = [str(error)]
    return _form(form, view, query)


def _view(view_id: int, *, to_change: bool = False) -> ContactView:
    view = view_of(current_user, view_id)
    if view is None:
        abort(404)
    if to_change and not view.is_changeable_by(current_user):
        abort(403)
    return view
