"""A forgotten password: asking for a link, and choosing a new one with it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from crm.database import commit
from crm.lib import clock
from crm.lib.limits import limiter
from crm.users import resetting
from crm.users.access import public
from crm.users.entering import PasswordReset
from crm.users.forms import ForgottenForm, ResetForm, new_password_form
from crm.users.links import is_mailed, link_of

bp = Blueprint("resets", __name__)


def _address_tried() -> str:
    return "reset " + request.form.get("email", "").strip().lower()[:255]


@bp.get("/reset")
@public()
def ask() -> str:
    """The page that asks for the address."""
    return render_template("users/forgotten.html", form=ForgottenForm(formdata=None), is_mailed=is_mailed())


@bp.post("/reset")
@public()
@limiter.limit("5 per hour", key_func=_address_tried)
@limiter.limit("30 per hour")
def send() -> Any:
    """Have a link sent. The answer is the same whether or not the address has an account."""
    form = ForgottenForm()
    if not form.validate_on_submit():
        return render_template("users/forgotten.html", form=form, is_mailed=is_mailed()), 422
    resetting.ask(form.email.data)
    commit()
    return render_template("users/forgotten_sent.html", email=form.email.data, is_mailed=is_mailed())


@bp.get("/reset/<token>")
@public()
def show(token: str) -> Any:
    """The page that asks for the new password."""
    reset = link_of(PasswordReset, token, clock.now())
    if reset is None or reset.user is None or not reset.user.is_enabled:
        return render_template("users/dead_link.html", what="link"), 404
    return render_template("users/reset.html", form=ResetForm(formdata=None), user=reset.user, token=token)


@bp.post("/reset/<token>")
@public()
@limiter.limit("30 per 15 minutes")
def choose(token: str) -> Any:
    """Set the new password; every sign-in ends, and one signs in with it."""
    reset = link_of(PasswordReset, token, clock.now())
    if reset is None or reset.user is None or not reset.user.is_enabled:
        return render_template("users/dead_link.html", what="link"), 404
    form = new_password_form(ResetForm(), reset.user.email, reset.user.name)
    if not form.validate_on_submit():
        return render_template("users/reset.html", form=form, user=reset.user, token=token), 422
    resetting.complete(reset, form.password.data)
    commit()
    flash("Your new password is set. Sign in with it.", "good")
    return redirect(url_for("users.sign_in"), 303)
