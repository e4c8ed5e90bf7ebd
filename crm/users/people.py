"""The people page: who may sign in, and as what."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user

from crm.database import commit, db
from crm.lib import clock
from crm.users import granting, operations, queries, two_factor
from crm.users.access import requires
from crm.users.forms import RoleForm
from crm.users.models import User
from crm.users.passwords import make_password
from crm.users.sessions import ABSOLUTE, IDLE

bp = Blueprint("people", __name__)
SIGN_INS = 20


@bp.get("/people")
@requires("crm.settings.manage")
def index() -> str:
    """Everyone with an account, and who was asked to join."""
    return render_template(
        "people/index.html",
        users=queries.everyone(),
        seen=queries.last_seen(),
        invitations=queries.open_invitations(),
        labels=queries.role_labels(),
        now=clock.now(),
    )


@bp.get("/people/<int:user_id>")
@requires("crm.settings.manage")
def show(user_id: int) -> str:
    """One account: role, access, password, sign-ins."""
    user = _user(user_id)
    return _page(user, RoleForm(obj=user))


@bp.post("/people/<int:user_id>/role")
@requires("crm.settings.manage")
def change_role(user_id: int) -> Any:
    """Give somebody another role. Nobody changes their own, nor gives what they lack."""
    user, form = _user(user_id), RoleForm()
    if form.validate_on_submit():
        try:
            operations.check_not_own(user, current_user)
            granting.check_account(current_user, user)
            granting.check_grant(current_user, form.role.data)
            operations.change_role(user, form.role.data)
        except ValueError as error:
            form.role.errors = [str(error)]
    if form.errors:
        return _page(user, form), 422
    commit()
    flash(f"{user.name} is now {user.role_label.lower()}, and signs in anew.", "good")
    return redirect(url_for("people.show", user_id=user.id), 303)


@bp.post("/people/<int:user_id>/password")
@requires("crm.settings.manage")
def reset_password(user_id: int) -> Any:
    """Give somebody a new initial password, shown once; it ends their sign-ins. One's own is changed on one's own page."""
    user = _user(user_id)
    if user.id == current_user.id:
        return redirect(url_for("users.password"), 303)
    if not _may_change(user):
        return redirect(url_for("people.show", user_id=user.id), 303)
    password = make_password()
    operations.set_password(user, password, is_initial=True)
    commit()
    return render_template("people/password.html", user=user, password=password)


@bp.post("/people/<int:user_id>/access")
@requires("crm.settings.manage")
def change_access(user_id: int) -> Any:
    """Let somebody in no more (`is_enabled` = no), or again (yes)."""
    user, wanted = _user(user_id), request.form.get("is_enabled")
    if wanted not in {"yes", "no"}:
        abort(400)
    is_enabled = wanted == "yes"
    try:
        granting.check_account(current_user, user)
        (operations.enable if is_enabled else operations.disable)(user)
    except ValueError as error:
        flash(str(error), "bad")
        return redirect(url_for("people.show", user_id=user.id), 303)
    commit()
    flash(f"{user.name} can sign in again." if is_enabled else f"{user.name} can no longer sign in.", "good")
    return redirect(url_for("people.show", user_id=user.id), 303)


@bp.post("/people/<int:user_id>/sessions/end")
@requires("crm.settings.manage")
def end_sessions(user_id: int) -> Any:
    """Sign somebody out everywhere, or (`session`) in one place."""
    user, one = _user(user_id), request.form.get("session", type=int)
    if not _may_change(user):
        return redirect(url_for("people.show", user_id=user.id), 303)
    if one:
        operations.end_own_session(user, one)
    else:
        operations.end_sessions(user)
    commit()
    flash("That sign-in was ended." if one else f"{user.name} is signed out everywhere.", "good")
    return redirect(url_for("people.show", user_id=user.id), 303)


@bp.post("/people/<int:user_id>/two-factor/end")
@requires("crm.settings.manage")
def end_two_factor(user_id: int) -> Any:
    """Turn off the two-factor of somebody who lost their device; it ends their sign-ins. One's own is turned off with the password."""
    user = _user(user_id)
    if user.id == current_user.id:
        return redirect(url_for("two_factor.index"), 303)
    if _may_change(user):
        two_factor.end(user)
        operations.end_sessions(user)
        commit()
        flash(f"{user.name} signs in with the password alone{', and sets up two-factor anew' if user.lacks_two_factor else ''}.", "good")  # fmt: skip
    return redirect(url_for("people.show", user_id=user.id), 303)


def _may_change(user: User) -> bool:
    """Whether the account holds no more than who asks; says so otherwise."""
    try:
        granting.check_account(current_user, user)
    except ValueError as error:
        flash(str(error), "bad")
        return False
    return True


def _page(user: User, form: RoleForm) -> str:
    now = clock.now()
    return render_template(
        "people/show.html",
        user=user,
        form=form,
        seen=queries.last_seen().get(user.id),
        sessions=queries.sessions_of(user, idle_since=now - IDLE, began_after=now - ABSOLUTE),
        sign_ins=queries.sign_ins(user, SIGN_INS),
        tokens=queries.tokens_of(user),
    )


def _user(user_id: int) -> User:
    return db.session.get(User, user_id) or abort(404)
