"""Messages: what was sent, to whom, what became of it; the outbox when no mail server is set."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, current_app, flash, redirect, render_template, request, url_for
from flask_login import current_user

from crm.contacts.models import Contact
from crm.contacts.queries import visible_contacts
from crm.database import commit, db
from crm.delivery.models import STATUSES, SUPPRESSED_FOR
from crm.delivery.suppression_list import suppression_of
from crm.email import losses, operations, preview, queries
from crm.email.history import history_of
from crm.email.models import EmailMessage
from crm.email.operations import PURPOSES
from crm.email.revenue import revenue
from crm.lib import clock
from crm.lib.htmx import piece
from crm.lib.merge_tags import MergeError
from crm.preferences.consent import readers_of
from crm.preferences.queries import in_force
from crm.users.access import requires

bp = Blueprint("messages", __name__)


@bp.get("/messages")
@requires("crm.broadcasts.view")
def index() -> str:
    """The messages, newest first."""
    status, text = request.args.get("status", ""), request.args.get("q", "")
    status = status if status in STATUSES else ""
    rows = queries.messages(current_user, status, text, _before())
    more = rows[queries.PAGE - 1].id if len(rows) > queries.PAGE else None
    return render_template(
        "email/messages.html",
        rows=rows[: queries.PAGE],
        more=more,
        status=status,
        text=text,
        statuses=STATUSES,
        purposes=PURPOSES,
        undecided=queries.undecided(current_user),
        lost=losses.lost_since(clock.now().date()),
        is_outbox=not current_app.config["SMTP_URL"],
    )


@bp.get("/messages/<int:message_id>")
@requires("crm.broadcasts.view")
def show(message_id: int) -> str:
    """One message as its reader gets it, and its story."""
    message = _message(message_id)
    try:
        email, problem = preview.as_received(message), ""
    except MergeError as error:
        email, problem = None, str(error)
    return render_template(
        "email/message.html",
        message=message,
        email=email,
        height=preview.height_of(email) if email else 0,
        problem=problem,
        statuses=STATUSES,
        purposes=PURPOSES,
        about=queries.about(message),
        waits=queries.waits(message, clock.now()),
        history=history_of(message, queries.clicks_of(message), queries.opens_of(message)),
        earned=[("Earned", f"{each.amount:,.2f} {each.currency}") for each in revenue(EmailMessage.id == message.id)],
        may_decide=current_user.can("crm.broadcasts.send"),
    )


@bp.get("/messages/<int:message_id>/content")
@requires("crm.broadcasts.view")
def content(message_id: int) -> Any:
    """The message's HTML, for a frame."""
    try:
        return preview.framed(preview.as_received(_message(message_id)).html)
    except MergeError as error:
        return preview.framed_problems({"body": [str(error)]})


@bp.post("/messages/<int:message_id>/decision")
@requires("crm.broadcasts.send")
def decide(message_id: int) -> Any:
    """Say what became of a message whose end is unknown."""
    message, by = _message(message_id), current_user.actor
    decided = {
        "arrived": lambda: operations.mark_arrived(message, by),
        "again": lambda: operations.send_again(message, by),
        "lost": lambda: operations.mark_lost(message, by),
    }.get(request.form.get("decision", ""))
    if decided is None:
        abort(400)
    if decided():
        commit()
        flash("Noted.", "good")
    else:
        flash("That was decided already.", "info")
    return redirect(url_for("messages.show", message_id=message.id), 303)


@bp.post("/messages/<int:message_id>/cancellation")
@requires("crm.broadcasts.send")
def cancel(message_id: int) -> Any:
    """Do not send a message that still waits."""
    message = _message(message_id)
    if operations.cancel_message(message, current_user.actor):
        commit()
        flash("Cancelled: it is not sent.", "good")
    else:
        flash("It is on its way already, and cannot be called back.", "warning")
    if request.args.get("on") == "contact" and message.contact_id:
        return redirect(url_for("contacts.show", contact_id=message.contact_id), 303)
    return redirect(url_for("messages.show", message_id=message.id), 303)


@bp.get("/contacts/<int:contact_id>/emails")
@requires("crm.contacts.view")
def of_contact(contact_id: int) -> Response:
    """The contact's emails and whether they want any, for their profile."""
    contact = db.session.scalar(visible_contacts(current_user).where(Contact.id == contact_id)) or abort(404)
    reader = readers_of([contact.id])[contact.id]
    return piece(
        "email/_of_contact.html",
        f"Emails to {contact.name}",
        url_for("contacts.show", contact_id=contact.id),
        contact=contact,
        rows=queries.messages_of(contact),
        reader=reader,
        left=in_force(reader.email) if reader.email else None,
        blocked=suppression_of(reader.email),
        kinds=SUPPRESSED_FOR,
        may_release=current_user.can("crm.broadcasts.send"),
        statuses=STATUSES,
        may_read=current_user.can("crm.broadcasts.view"),
    )


def _message(message_id: int) -> EmailMessage:
    return queries.message(current_user, message_id) or abort(404)


def _before() -> int | None:
    value = request.args.get("before", "")
    return int(value) if value.isdecimal() and len(value) < 19 else None
