"""One's own two-factor: setting it up, new recovery codes, turning it off. Each asks for the password."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask_login import current_user

from crm.database import commit
from crm.lib import clock
from crm.lib.limits import failed, limiter
from crm.users import operations, two_factor
from crm.users.access import signed_in
from crm.users.forms import OwnPasswordForm, SetUpForm

bp = Blueprint("two_factor", __name__, url_prefix="/account/two-factor")
guesses = limiter.shared_limit(
    "10 per 15 minutes", "two-factor", key_func=lambda: f"user {current_user.id}", deduct_when=failed
)


@bp.get("")
@signed_in
def index() -> str:
    """Whether it is on; while it is being set up, the secret."""
    return _page()


@bp.post("")
@signed_in
def begin() -> Any:
    """Make a secret for the app."""
    two_factor.begin(current_user)
    commit()
    return redirect(url_for(".index"), 303)


@bp.post("/confirmation")
@signed_in
@guesses
def finish() -> Any:
    """Turn it on, once the app showed the right code; every other sign-in ends. The recovery codes are in this answer alone."""
    form = SetUpForm()
    if not form.validate_on_submit():
        return _page(form), 422
    commit()
    codes = two_factor.new_codes()
    if not two_factor.finish(current_user, form.code.data, codes, clock.now()):
        form.code.errors = ["This code is not right. Is the clock of your device right? Write the code it shows now."]
        return _page(form), 422
    operations.end_sessions(current_user, but=current_user.session_id)
    commit()
    return render_template("users/recovery_codes.html", codes=codes, is_new=True), 201


@bp.post("/recovery-codes")
@signed_in
@guesses
def renew_codes() -> Any:
    """Ten new recovery codes; the ones before count no more."""
    form = OwnPasswordForm()
    if not current_user.has_two_factor:
        return redirect(url_for(".index"), 303)
    if not form.validate_on_submit():
        return _page(codes_form=form), 422
    commit()
    codes = two_factor.new_codes()
    two_factor.keep_codes(current_user, codes)
    commit()
    return render_template("users/recovery_codes.html", codes=codes, is_new=False), 201


@bp.post("/end")
@signed_in
@guesses
def end() -> Any:
    """Turn it off."""
    form = OwnPasswordForm()
    if not form.validate_on_submit():
        return _page(end_form=form), 422
    two_factor.end(current_user)
    commit()
    flash("Two-factor sign-in is off. You sign in with the password alone.", "good")
    return redirect(url_for("users.account"), 303)


def _page(
    form: SetUpForm | None = None,
    codes_form: OwnPasswordForm | None = None,
    end_form: OwnPasswordForm | None = None,
) -> str:
    is_begun = not current_user.has_two_factor and current_user.two_factor_nonce is not None
    return render_template(
        "users/two_factor.html",
        form=form or SetUpForm(formdata=None),
        codes_form=_named(codes_form, "codes-password"),
        end_form=_named(end_form, "end-password"),
        picture=two_factor.picture(current_user, current_app.config["SCHOOL_NAME"]) if is_begun else "",
        secret=two_factor.spelled(current_user) if is_begun else "",
        codes_left=two_factor.codes_left(current_user),
    )


def _named(form: OwnPasswordForm | None, number: str) -> OwnPasswordForm:
    """The form, or an empty one, with its field told from the other's on the page."""
    form = form or OwnPasswordForm(formdata=None)
    form.current.id = number
    return form
