"""Signing in and out, and one's own account."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, session, url_for
from flask_login import current_user, logout_user

from crm.database import commit
from crm.lib import clock
from crm.lib.limits import failed, limiter
from crm.users import operations, queries, second_step, spare
from crm.users.access import public, signed_in
from crm.users.forms import THEMES, AccountForm, PasswordForm, SignInForm
from crm.users.models import User
from crm.users.passwords import is_right
from crm.users.redirects import own_page, page_it_came_from
from crm.users.sessions import ABSOLUTE, IDLE
from crm.users.sign_in import enter, let_in, note_failure

bp = Blueprint("users", __name__)
SIGN_INS = 10
EXPIRED = "This password was given to you too long ago. Ask for a new one."


def _address_tried() -> str:
    return request.form.get("email", "").strip().lower()[:255]


@bp.get("/sign-in")
@public()
def sign_in() -> Any:
    """The sign-in page, or onwards for those who are signed in."""
    if current_user.is_authenticated:
        return redirect(own_page(request.args.get("next")) or url_for("home.index"))
    return render_template("users/sign_in.html", form=SignInForm(request.args))


@bp.post("/sign-in")
@public()
@limiter.limit("10 per 15 minutes", key_func=_address_tried, deduct_when=failed)
@limiter.limit("50 per 15 minutes", deduct_when=failed)
def check_in() -> Any:
    """Sign in with address and password. The password is checked outside any transaction: it takes long on purpose."""
    form = SignInForm()
    if not form.validate_on_submit():
        return render_template("users/sign_in.html", form=form), 422
    user = queries.user_by_email(form.email.data)
    commit()
    is_known = is_right(user.password_hash if user else None, form.password.data)
    if problem := _refusal(user, is_known):
        note_failure(user, problem)
        form.password.errors = [EXPIRED if problem == "expired" else "Email or password is not right."]
        return render_template("users/sign_in.html", form=form), 422
    if user.has_two_factor:
        return second_step.begin(user, own_page(form.next.data))
    enter(user)
    return redirect(own_page(form.next.data) or url_for("home.index"), 303)


def _refusal(user: User | None, is_known: bool) -> str | None:
    """How this try to sign in ends, if it does not go on."""
    if user is None or not is_known:
        return "password"
    if not user.is_enabled:
        return "disabled"
    return "expired" if user.has_stale_password(clock.now()) else None


@bp.post("/sign-out")
@public()
def sign_out() -> Any:
    """End this sign-in, here and on the server."""
    if current_user.is_authenticated:
        spare.end(current_user.session_token)
        operations.end_session(current_user.session_token)
        commit()
    logout_user()
    session.clear()
    return redirect(url_for("users.sign_in"), 303)


@bp.get("/account")
@signed_in
def account() -> str:
    """One's own account: name, clock, theme, password, and where one is signed in."""
    return _account_page(AccountForm(obj=current_user), PasswordForm())


@bp.post("/account")
@signed_in
def change_account() -> Any:
    """Save name, clock and theme."""
    form = AccountForm()
    if not form.validate_on_submit():
        return _account_page(form, PasswordForm()), 422
    form.populate_obj(current_user)
    commit()
    flash("Your account was saved.", "good")
    return redirect(url_for("users.account"), 303)


@bp.post("/account/theme")
@signed_in
def set_theme() -> Any:
    """Save the theme and go back to where it was chosen."""
    theme = request.form.get("theme", "")
    if theme in THEMES:
        current_user.theme = theme
        commit()
    return redirect(page_it_came_from(request.referrer, request.host) or url_for("users.account"), 303)


@bp.get("/account/password")
@signed_in
def password() -> str:
    """The page that asks for a password of one's own in place of an initial one."""
    return render_template("users/password.html", form=PasswordForm())


@bp.post("/account/password")
@signed_in
@limiter.limit("10 per 15 minutes", key_func=lambda: f"user {current_user.id}", deduct_when=failed)
def change_password() -> Any:
    """Change the password. Every other sign-in ends, and this one gets a new token."""
    form = PasswordForm()
    if not form.validate_on_submit():
        return render_template("users/password.html", form=form), 422
    user = current_user._get_current_object()
    operations.set_password(user, form.password.data)
    let_in(user)
    commit()
    flash("Your password was changed, and every other sign-in ended.", "good")
    return redirect(url_for("users.account"), 303)


@bp.post("/account/sessions/<int:session_id>/end")
@signed_in
def end_session(session_id: int) -> Any:
    """Sign out somewhere else."""
    operations.end_own_session(current_user, session_id)
    commit()
    flash("That sign-in was ended.", "good")
    return redirect(url_for("users.account"), 303)


@bp.post("/account/sessions/end")
@signed_in
def end_other_sessions() -> Any:
    """Sign out everywhere but here."""
    operations.end_sessions(current_user, but=current_user.session_id)
    commit()
    flash("Every other sign-in was ended.", "good")
    return redirect(url_for("users.account"), 303)


def _account_page(form: AccountForm, password_form: PasswordForm) -> str:
    now = clock.now()
    sessions = queries.sessions_of(current_user, idle_since=now - IDLE, began_after=now - ABSOLUTE)
    return render_template(
        "users/account.html",
        form=form,
        password_form=password_form,
        sessions=sessions,
        sign_ins=queries.sign_ins(current_user, SIGN_INS),
        panels=[
            each
            for each in current_app.extensions["account_panels"]
            if not each.permission or current_user.can(each.permission)
        ],
    )
