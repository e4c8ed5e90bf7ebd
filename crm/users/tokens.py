"""One's own API tokens: making one, shown once, and ending it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import StringField

from crm.database import commit
from crm.lib.form_checks import Passes, trimmed
from crm.lib.limits import limiter
from crm.users import operations, queries
from crm.users.access import signed_in

bp = Blueprint("tokens", __name__, url_prefix="/account/tokens")


class TokenForm(FlaskForm):
    """What the token is for."""

    name = StringField(
        "Name",
        [Passes(operations.check_name)],
        filters=[trimmed],
        description="The program that will use it, such as “Website” or “Accounting”.",
    )


@bp.get("")
@signed_in
def index() -> str:
    """The tokens, and a form for another."""
    return _page(TokenForm())


@bp.post("")
@signed_in
@limiter.limit("30 per hour", key_func=lambda: f"user {current_user.id}")
def create() -> Any:
    """Make a token. This answer is the only place where it can be read."""
    form = TokenForm()
    if not form.validate_on_submit():
        return _page(form), 422
    token = operations.add_token(current_user, form.name.data or "")
    commit()
    return _page(TokenForm(formdata=None), token), 201


@bp.post("/<int:token_id>/end")
@signed_in
def end(token_id: int) -> Any:
    """Let a token count no more."""
    operations.end_own_token(current_user, token_id)
    commit()
    flash("That token counts no more.", "good")
    return redirect(url_for(".index"), 303)


def _page(form: TokenForm, new_token: str | None = None) -> str:
    return render_template("users/tokens.html", form=form, new_token=new_token, tokens=queries.tokens_of(current_user))
