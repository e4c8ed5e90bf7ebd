"""The addresses mail readers call: the picture, the links, and the page to leave. None needs a sign-in.

A picture is always a picture and a link always leads on, whatever the database does. Only POST changes what a person receives.
"""

from __future__ import annotations

import logging
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState

from crm.activity.vocabulary import Actor
from crm.contacts.models import Contact
from crm.database import commit, db
from crm.email.addresses import UNSUBSCRIBE, tokens
from crm.email.models import EmailMessage
from crm.email.pixel import PIXEL
from crm.email.tracking_gate import Gate
from crm.lib import clock
from crm.preferences import operations, queries
from crm.users.access import public

bp = Blueprint("tracking", __name__, url_prefix="/api/track")
log = logging.getLogger(__name__)
READER = Actor(name="the contact")


@bp.record_once
def _takes_posts_from_elsewhere(state: BlueprintSetupState) -> None:
    """Mail programs unsubscribe with one POST and no cookie (RFC 8058); the signed token is what allows it."""
    state.app.extensions["csrf"].exempt(bp)


@bp.record_once
def _stands_in_front(state: BlueprintSetupState) -> None:
    """Pictures and links are answered before Flask."""
    state.app.wsgi_app = Gate(state.app, state.app.wsgi_app)  # type: ignore[method-assign]


@bp.get("/email/open/<token>")
@public()
def opened(token: str) -> Response:  # noqa: ARG001
    """The picture. The gate answers with it before anything is asked for here."""
    return Response(PIXEL, mimetype="image/gif", headers={"Cache-Control": "no-store, private"})


@bp.get("/email/click/<token>")
@public()
def clicked(token: str) -> Any:  # noqa: ARG001
    """There is no such link: where there is one, the gate leads on."""
    return render_template("tracking/no_such_link.html"), 404


@bp.get("/unsubscribe/<token>")
@public()
def leaving(token: str) -> Any:
    """The page to leave or come back. Looking at it changes nothing: scanners follow every link."""
    contact, email, _ = _reader(token)
    if contact is None:
        return render_template("tracking/unknown_reader.html"), 410
    return render_template(
        "tracking/unsubscribe.html", token=token, email=email, left=queries.in_force(email), reasons=queries.REASONS
    )


@bp.post("/unsubscribe/<token>")
@public()
def leave(token: str) -> Any:
    """Leave: from the page, with a reason, or with one click of a mail program."""
    contact, email, message = _reader(token)
    if contact is not None:
        _leave(contact, email, message)
    if request.form.get("List-Unsubscribe") == "One-Click":
        return Response("You are unsubscribed.\n", mimetype="text/plain")
    return redirect(url_for("tracking.leaving", token=token), 303)


@bp.post("/unsubscribe/<token>/return")
@public()
def come_back(token: str) -> Any:
    """Subscribe again."""
    contact, email, _ = _reader(token)
    if contact is not None:
        operations.resubscribe(contact, email, READER)
        commit()
    return redirect(url_for("tracking.leaving", token=token), 303)


def _leave(contact: Contact, email: str, message: EmailMessage | None) -> None:
    reason = request.form.get("reason", "")
    operations.unsubscribe(
        contact,
        email,
        READER,
        reason=reason if reason in queries.REASONS else "",
        feedback=request.form.get("feedback", "").strip(),
        message_id=message.id if message else None,
    )
    if message and message.unsubscribed_at is None:
        message.unsubscribed_at = clock.now()
    commit()


def _reader(token: str) -> tuple[Contact | None, str, EmailMessage | None]:
    """Who holds this token: the contact, the address written to, and the message if it is still there. A forged one is a 404."""
    found = tokens().read(UNSUBSCRIBE, token)
    if found is None or len(found) != 2:
        abort(404)
    contact, message = db.session.get(Contact, found[0]), db.session.get(EmailMessage, found[1])
    email = (message.to_address if message else None) or (contact.email if contact else None) or ""
    return (contact if email else None), email.lower(), message
