"""Inviting people, and the page on which they accept."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_login import current_user

from crm.database import commit, db, rollback
from crm.lib import clock
from crm.lib.limits import limiter
from crm.users import inviting, queries
from crm.users.access import public, requires
from crm.users.entering import Invitation
from crm.users.forms import AcceptForm, InvitationForm, new_password_form
from crm.users.granting import check_grant
from crm.users.links import is_mailed, link_of, url_of
from crm.users.sign_in import let_in, note

bp = Blueprint("invitations", __name__)


@bp.get("/people/new")
@requires("crm.settings.manage")
def new() -> str:
    """The form for somebody new."""
    form = InvitationForm(data={"role": "crm_agent", "timezone": current_user.timezone})
    return render_template("people/new.html", form=form, is_mailed=is_mailed())


@bp.post("/people")
@requires("crm.settings.manage")
@limiter.limit("60 per hour", key_func=lambda: f"user {current_user.id}")
def create() -> Any:
    """Invite somebody."""
    form = InvitationForm()
    if form.validate_on_submit():
        try:
            invitation = inviting.invite(
                form.email.data, form.name.data, form.role.data, form.timezone.data, current_user
            )
        except ValueError as error:
            rollback()
            form.role.errors = [str(error)]
    if form.errors:
        return render_template("people/new.html", form=form, is_mailed=is_mailed()), 422
    return _sent(invitation)


@bp.post("/people/invitations/<int:invitation_id>/again")
@requires("crm.settings.manage")
@limiter.limit("60 per hour", key_func=lambda: f"user {current_user.id}")
def send_again(invitation_id: int) -> Any:
    """Send a new link; the one before counts no more. Where no email leaves the house it is shown: only to who may give the role."""
    invitation = _invitation(invitation_id)
    try:
        check_grant(current_user, invitation.role)
    except ValueError as error:
        flash(str(error), "bad")
        return redirect(url_for("people.index"), 303)
    return _sent(inviting.send_again(invitation))


@bp.post("/people/invitations/<int:invitation_id>/revocation")
@requires("crm.settings.manage")
def revoke(invitation_id: int) -> Any:
    """Take the invitation back."""
    invitation = _invitation(invitation_id)
    inviting.revoke(invitation)
    commit()
    flash(f"The invitation of {invitation.email} counts no more.", "good")
    return redirect(url_for("people.index"), 303)


@bp.get("/invitation/<token>")
@public()
def show(token: str) -> Any:
    """The page that asks for a name and a password."""
    invitation = link_of(Invitation, token, clock.now())
    if invitation is None:
        return render_template("users/dead_link.html", what="invitation"), 404
    return _accept_page(invitation, AcceptForm(formdata=None, data={"name": invitation.name}), token)


@bp.post("/invitation/<token>")
@public()
@limiter.limit("30 per 15 minutes")
def accept(token: str) -> Any:
    """Make the account, and sign in."""
    invitation = link_of(Invitation, token, clock.now())
    if invitation is None:
        return render_template("users/dead_link.html", what="invitation"), 404
    form = new_password_form(AcceptForm(), invitation.email)
    if form.validate_on_submit():
        try:
            user = inviting.accept(invitation, form.name.data, form.password.data)
        except ValueError as error:
            rollback()
            form.name.errors = [str(error)]
    if form.errors:
        return _accept_page(invitation, form, token), 422
    note(user, "in")
    let_in(user)
    commit()
    flash(f"Welcome, {user.name}.", "good")
    return redirect(url_for("home.index"), 303)


def _accept_page(invitation: Invitation, form: AcceptForm, token: str) -> str:
    label = queries.role_labels().get(invitation.role, invitation.role)
    return render_template("users/invitation.html", form=form, invitation=invitation, token=token, label=label)


def _sent(invitation: Invitation) -> Any:
    """Back to the list; where no email leaves the house, the link to hand over, once."""
    commit()
    if is_mailed():
        flash(f"{invitation.email} is invited. The link is good for a week.", "good")
        return redirect(url_for("people.index"), 303)
    return render_template("people/link.html", invitation=invitation, url=url_of(invitation)), 201


def _invitation(invitation_id: int) -> Invitation:
    found = db.session.get(Invitation, invitation_id)
    return found if found is not None and found.used_at is None else abort(404)
