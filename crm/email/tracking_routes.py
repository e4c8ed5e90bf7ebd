"""The addresses mail readers call: the picture, the links, and the page to leave. None needs a sign-in.

A picture is always a picture and a link always leads on, whatever the database does. Only POST changes what a person receives.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState

from crm.database import commit, rollback
from crm.email import tracking
from crm.email.addresses import CLICK, OPEN, tokens
from crm.email.holders import READER, Holder, holder_of, source
from crm.email.machines import machine_reason
from crm.email.tracking import Visit
from crm.lib import clock
from crm.preferences import operations, queries
from crm.preferences.choices import choose_marketing
from crm.settings.queries import school_name
from crm.users.access import public

bp = Blueprint("tracking", __name__, url_prefix="/api/track")
log = logging.getLogger(__name__)
PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


@bp.record_once
def _takes_posts_from_elsewhere(state: BlueprintSetupState) -> None:
    """Mail programs unsubscribe with one POST and no cookie (RFC 8058); the signed token is what allows it."""
    state.app.extensions["csrf"].exempt(bp)


@bp.get("/email/open/<token>")
@public()
def opened(token: str) -> Response:
    """The picture; its fetching is noted."""
    found = tokens().read(OPEN, token)
    if found and len(found) == 1:
        _safely(lambda: tracking.record_open(found[0], _visit()))
    return Response(PIXEL, mimetype="image/gif", headers={"Cache-Control": "no-store, private"})


@bp.get("/email/click/<token>")
@public()
def clicked(token: str) -> Any:
    """On to where the link leads; the click is stored before the answer."""
    found = tokens().read(CLICK, token)
    url = tracking.clicked_url(*found) if found and len(found) == 2 else None
    if found is None or url is None:
        return render_template("tracking/no_such_link.html"), 404
    _safely(lambda: tracking.record_click(found[0], url, _visit()))
    return Response(status=302, headers={"Location": url})


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
        topic=holder.topic,
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
        commit()
    return redirect(url_for("tracking.leaving", token=token), 303)


def _leave(holder: Holder, how: str) -> None:
    reason, message = request.form.get("reason", ""), holder.message
    reason = reason if reason in queries.REASONS else ""
    operations.unsubscribe(
        holder.reader,
        holder.email,
        READER,
        reason=reason,
        feedback=request.form.get("feedback", "").strip(),
        message_id=message.id if message else None,
        source=source(how, reason, {"": f"Unsubscribe: no more news from {school_name()} to {holder.email}"}),
    )
    if message and message.unsubscribed_at is None:
        message.unsubscribed_at = clock.now()
    commit()


def _visit() -> Visit:
    agent = request.headers.get("User-Agent", "")
    return Visit(clock.now(), agent, request.remote_addr or "", machine_reason(agent, request.method))


def _safely(record: Callable[[], None]) -> None:
    """Write something down in a transaction of its own; if that cannot be done, the reader does not notice."""
    if request.method == "HEAD":
        return
    rollback()
    g.writes = True
    try:
        record()
        commit()
    except sa.exc.SQLAlchemyError:
        log.exception("a visit could not be kept: %s", request.endpoint)
        rollback()
