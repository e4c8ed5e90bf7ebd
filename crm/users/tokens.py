"""API tokens: one's own, made and shown once; and, for who manages people, everybody's by name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import SelectField, SelectMultipleField, StringField, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from crm.database import commit, db
from crm.lib import clock
from crm.lib.form_checks import Passes, choices, trimmed
from crm.lib.limits import limiter
from crm.users import granting, operations, queries
from crm.users.access import requires, signed_in
from crm.users.models import ApiToken
from crm.users.roles import PERMISSIONS

bp = Blueprint("tokens", __name__)
LASTS = {"": "Until it is revoked", "30": "30 days", "90": "90 days", "365": "A year"}


def _own_permissions() -> list[Any]:
    return choices((key, label) for key, label in PERMISSIONS if current_user.can(key))


class TokenForm(FlaskForm):
    """What the token is for, what it may do and for how long."""

    name = StringField(
        "Name",
        [Passes(operations.check_name)],
        filters=[trimmed],
        description="The program that will use it, such as “Website” or “Accounting”.",
    )
    scope = SelectField(
        "May do",
        choices=choices([("all", "All that I may, now and later"), ("some", "Only what is ticked")]),
        filters=[lambda value: value or "all"],
    )
    permissions = SelectMultipleField(
        "What it may do",
        choices=_own_permissions,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    lasts = SelectField("Valid", choices=choices(LASTS.items()), filters=[trimmed])

    def validate_permissions(self, field: SelectMultipleField) -> None:
        if self.scope.data == "some" and not field.data:
            raise ValidationError("Tick what the token may do.")


@bp.get("/account/tokens")
@signed_in
def index() -> str:
    """The tokens, and a form for another."""
    return _page(TokenForm())


@bp.post("/account/tokens")
@signed_in
@limiter.limit("30 per hour", key_func=lambda: f"user {current_user.id}")
def create() -> Any:
    """Make a token. This answer is the only place where it can be read."""
    form = TokenForm()
    if not form.validate_on_submit():
        return _page(form), 422
    permissions = form.permissions.data if form.scope.data == "some" else None
    expires_at = clock.now() + timedelta(days=int(form.lasts.data)) if form.lasts.data else None
    token = operations.add_token(current_user, form.name.data or "", permissions, expires_at)
    commit()
    return _page(TokenForm(formdata=None), token), 201


@bp.post("/account/tokens/<int:token_id>/end")
@signed_in
def end(token_id: int) -> Any:
    """Let a token count no more."""
    operations.end_own_token(current_user, token_id)
    commit()
    flash("That token counts no more.", "good")
    return redirect(url_for(".index"), 303)


@bp.get("/people/tokens")
@requires("crm.settings.manage")
def everybodys() -> str:
    """Every token at the school: whose it is, what for, and when it was last used."""
    return render_template("people/tokens.html", tokens=queries.all_tokens(), labels=dict(PERMISSIONS), now=clock.now())


@bp.post("/people/tokens/<int:token_id>/end")
@requires("crm.settings.manage")
def end_anybodys(token_id: int) -> Any:
    """Let somebody's token count no more."""
    token = db.session.get(ApiToken, token_id) or abort(404)
    try:
        granting.check_account(current_user, token.user)
    except ValueError as error:
        flash(str(error), "bad")
        return redirect(url_for(".everybodys"), 303)
    operations.end_token(token)
    commit()
    flash(f"“{token.name}” counts no more.", "good")
    return redirect(url_for(".everybodys"), 303)


def _page(form: TokenForm, new_token: str | None = None) -> str:
    return render_template(
        "users/tokens.html",
        form=form,
        new_token=new_token,
        tokens=queries.tokens_of(current_user),
        labels=dict(PERMISSIONS),
        now=clock.now(),
    )
