"""The page on which somebody's access ends."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_login import current_user

from crm.bulk import runs
from crm.bulk.operations import AT_ONCE
from crm.database import commit, db, rollback
from crm.departures import operations, queries
from crm.departures.forms import DepartureForm, form_for
from crm.users.access import requires
from crm.users.granting import check_account
from crm.users.models import User

bp = Blueprint("departures", __name__)


@bp.get("/people/<int:user_id>/departure")
@requires("crm.settings.manage")
def show(user_id: int) -> Any:
    """What they have, and to whom it may go."""
    user = _user(user_id)
    return _page(user, form_for(user))


@bp.post("/people/<int:user_id>/departure")
@requires("crm.settings.manage")
def leave(user_id: int) -> Any:
    """Hand over and disable. Few contacts change hands at once, many in the worker."""
    user = _user(user_id)
    form, count = form_for(user), queries.belongings(user).contacts
    if not form.validate_on_submit():
        return _page(user, form), 422
    try:
        check_account(current_user, user)
        if form.contacts_to.data and current_user.sees_assigned_only:
            raise ValueError("You do not see all contacts, so you cannot hand them over.")
        takers = [_taker(each.data) for each in (form.contacts_to, form.rest_to)]
        action = operations.leave(user, *takers, current_user)
    except ValueError as error:
        rollback()
        form.contacts_to.errors = [str(error)]
        return _page(user, form), 422
    commit()
    flash(f"{user.name} can no longer sign in.", "good")
    if action is None:
        return redirect(url_for("people.show", user_id=user.id), 303)
    if count <= AT_ONCE:
        runs.run(action.id, is_gentle=False)
    return redirect(url_for("bulk.show", action_id=action.id), 303)


def _page(user: User, form: DepartureForm) -> str:
    return render_template("departures/show.html", user=user, form=form, has=queries.belongings(user))


def _taker(number: str | None) -> User | None:
    return db.session.get(User, int(number)) if number else None


def _user(user_id: int) -> User:
    return db.session.get(User, user_id) or abort(404)
