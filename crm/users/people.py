"""The people page: who may sign in, and as what."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user

from crm.database import commit, db
from crm.users import operations, queries
from crm.users.access import requires
from crm.users.forms import NewUserForm, RoleForm
from crm.users.models import User
from crm.users.passwords import make_password
from crm.users.roles import PERMISSIONS, ROLE_LABELS, ROLES, SEES_ASSIGNED_ONLY

bp = Blueprint("people", __name__)


@bp.get("/people")
@requires("crm.settings.manage")
def index() -> str:
    """Everyone with an account, and what each role may do."""
    roles = [(key, label, ROLES[key]) for key, label in ROLE_LABELS.items()]
    return render_template(
        "people/index.html",
        users=queries.everyone(),
        seen=queries.last_seen(),
        permissions=PERMISSIONS,
        roles=roles,
        assigned_only=SEES_ASSIGNED_ONLY,
    )


@bp.get("/people/new")
@requires("crm.settings.manage")
def new() -> str:
    """The form for somebody new."""
    form = NewUserForm(data={"role": "crm_agent", "timezone": current_user.timezone})
    return render_template("people/new.html", form=form)


@bp.post("/people")
@requires("crm.settings.manage")
def add() -> Any:
    """Add somebody, and show their initial password once."""
    form = NewUserForm()
    if not form.validate_on_submit():
        return render_template("people/new.html", form=form), 422
    password = make_password()
    user = operations.create_user(
        form.email.data, form.name.data, form.role.data, password, form.timezone.data, is_initial=True
    )
    commit()
    return render_template("people/password.html", user=user, password=password, is_new=True), 201


@bp.get("/people/<int:user_id>")
@requires("crm.settings.manage")
def show(user_id: int) -> str:
    """One account: role, access, password."""
    user = _user(user_id)
    return render_template(
        "people/show.html", user=user, form=RoleForm(obj=user), seen=queries.last_seen().get(user.id)
    )


@bp.post("/people/<int:user_id>/role")
@requires("crm.settings.manage")
def change_role(user_id: int) -> Any:
    """Give somebody another role."""
    user, form = _user(user_id), RoleForm()
    if form.validate_on_submit():
        try:
            operations.change_role(user, form.role.data)
        except ValueError as error:
            form.role.errors = [str(error)]
    if form.errors:
        return render_template("people/show.html", user=user, form=form, seen=queries.last_seen().get(user.id)), 422
    commit()
    flash(f"{user.name} is now {user.role_label.lower()}.", "good")
    return redirect(_back(user), 303)


@bp.post("/people/<int:user_id>/password")
@requires("crm.settings.manage")
def reset_password(user_id: int) -> Any:
    """Give somebody a new initial password, shown once; it ends their sign-ins. One's own is changed on one's own page."""
    user = _user(user_id)
    if user.id == current_user.id:
        return redirect(url_for("users.password"), 303)
    password = make_password()
    operations.set_password(user, password, is_initial=True)
    commit()
    return render_template("people/password.html", user=user, password=password, is_new=False)


@bp.post("/people/<int:user_id>/access")
@requires("crm.settings.manage")
def change_access(user_id: int) -> Any:
    """Let somebody in no more (`is_enabled` = no), or again (yes)."""
    user, wanted = _user(user_id), request.form.get("is_enabled")
    if wanted not in {"yes", "no"}:
        abort(400)
    is_enabled = wanted == "yes"
    try:
        (operations.enable if is_enabled else operations.disable)(user)
    except ValueError as error:
        flash(str(error), "bad")
        return redirect(url_for("people.show", user_id=user.id), 303)
    commit()
    flash(f"{user.name} can sign in again." if is_enabled else f"{user.name} can no longer sign in.", "good")
    return redirect(url_for("people.show", user_id=user.id), 303)


def _back(user: User) -> str:
    """Where to go after a change that may have been to one's own role."""
    return (
        url_for("home.index")
        if user.id == current_user.id and not user.can("crm.settings.manage")
        else url_for("people.show", user_id=user.id)
    )


def _user(user_id: int) -> User:
    return db.session.get(User, user_id) or abort(404)
