"""The second step of signing in: the code, after the password was right and before anybody is let in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, redirect, render_template, session, url_for

from crm.database import db
from crm.lib import clock
from crm.lib.limits import failed, limiter
from crm.users import two_factor
from crm.users.access import public
from crm.users.forms import CodeForm
from crm.users.models import User, digest
from crm.users.redirects import own_page
from crm.users.sign_in import enter, note_failure

bp = Blueprint("second_step", __name__)
LASTS = timedelta(minutes=10)
KEY = "second_step"


def begin(user: User, target: str | None) -> Any:
    """Remember in the signed cookie whose password was right, and ask for the code."""
    session.clear()
    session[KEY] = [user.id, int(clock.now().timestamp()), digest(user.password_hash)[:32], target or ""]
    return redirect(url_for("second_step.ask"), 303)


def _who() -> str:
    return f"code {session.get(KEY, [0])[0]}"


@bp.get("/sign-in/code")
@public()
def ask() -> Any:
    """The page that asks for the code."""
    if _user() is None:
        return redirect(url_for("users.sign_in"))
    return render_template("users/code.html", form=CodeForm(formdata=None))


@bp.post("/sign-in/code")
@public()
@limiter.limit("5 per 15 minutes; 30 per day", key_func=_who, deduct_when=failed)
def check() -> Any:
    """Let in whoever knows the app's code, or a recovery code."""
    user, form = _user(), CodeForm()
    if user is None:
        return redirect(url_for("users.sign_in"), 303)
    if form.validate_on_submit():
        is_app = two_factor.is_code(user, form.code.data)
        if is_app or two_factor.is_recovery_code(user, form.code.data):
            return _in(user, session[KEY][3], is_app)
        note_failure(user, "code")
        form.code.errors = ["This code is not right, or was used already. Wait for the next one."]
    return render_template("users/code.html", form=form), 422


def _in(user: User, target: str, is_app: bool) -> Any:
    enter(user, can_be_kept=is_app)
    return redirect(own_page(target) or url_for("home.index"), 303)


def _user() -> User | None:
    """Whose password was right in this browser, a few minutes ago, and still is."""
    user_id, at, mark, _ = session.get(KEY) or (0, 0, "", "")
    if at < (clock.now() - LASTS).timestamp():
        return None
    user = db.session.get(User, user_id)
    is_same = user is not None and user.is_enabled and digest(user.password_hash)[:32] == mark
    return user if is_same else None
