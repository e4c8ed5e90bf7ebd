"""The addresses mail readers call: the picture, the links, and the page to leave. None needs a sign-in.

A picture is always a picture and a link always leads on, whatever the database does. Only POST changes what a person receives.
"""

from __future__ import annotations

import logging
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState

from crm.database import commit, db
from crm.email.holders import READER, Holder, holder_of, source
from crm.email.pixel import PIXEL
from crm.email.tracking_gate import Gate
from crm.lib import clock
from crm.preferences import operations, queries
from crm.preferences.choices import choose, choose_marketing
from crm.preferences.leavers import Refuser
from crm.preferences.moved import leave_elsewhere
from crm.settings.queries import school_name
from crm.users.access import public

bp = Blueprint("tracking", __name__, url_prefix="/api/track")
log = logging.getLogger(__name__)


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
    holder = holder_of(token)
    if holder is None:
        return render_template("tracking/unknown_reader.html"), 410
    email = holder.email
    return render_template(
        "tracking/unsubscribe.html", token=token, email=email, left=queries.in_force(email), reasons=queries.REASONS,
        topic=holder.topic, is_back=request.args.get("back") == "1",
    )  # fmt: skip


@bp.post("/unsubscribe/<token>")
@public()
def leave(token: str) -> Any:
    """Leave: from the page, with a reason afterwards, or with one click of a mail program."""
    holder, is_one_click = holder_of(token), request.form.get("List-Unsubscribe") == "One-Click"
    if holder is not None:
        _leave(holder, "mail_program" if is_one_click else "page")
    if is_one_click:
        return Response("You are unsubscribed.\n", mimetype="text/plain")
    return redirect(url_for("tracking.leaving", token=token), 303)


@bp.post("/unsubscribe/<token>/return")
@public()
def come_back(token: str) -> Any:
    """Subscribe again."""
    holder = holder_of(token)
    if holder is not None:
        proof = source(shown={"": f"Subscribe again: news from {school_name()} to {holder.email}"})
        choose_marketing(holder.reader, holder.email, True, proof)
        choose(holder.reads_now, {"marketing_emails": True}, proof)
        commit()
    return redirect(url_for("tracking.leaving", token=token, back=1), 303)


def _leave(holder: Holder, how: str) -> None:
    reason, message = request.form.get("reason", ""), holder.message
    reason = reason if reason in queries.REASONS else ""
    proof = source(how, reason, {"": f"Unsubscribe: no more news from {school_name()} to {holder.email}"})
    operations.unsubscribe(
        holder.reader,
        holder.email,
        READER,
        reason=reason,
        feedback=request.form.get("feedback", "").strip(),
        message_id=message.id if message else None,
        source=proof,
    )
    leave_elsewhere(db.session.connection(), [Refuser(holder.contact.id, holder.email, proof)], clock.now())
    if message and message.unsubscribed_at is None:
        message.unsubscribed_at = clock.now()
    commit()
