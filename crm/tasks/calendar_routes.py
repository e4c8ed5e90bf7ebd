"""The calendar feed: its private address on one's own account, and the feed itself."""

from __future__ import annotations

from flask import Blueprint, Response, abort, current_app, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from crm.database import commit
from crm.lib.htmx import piece
from crm.lib.limits import limiter
from crm.settings.queries import school_name
from crm.tasks import calendar
from crm.users.access import public, requires

bp = Blueprint("task_calendar", __name__)


@bp.get("/tasks/calendar/<token>.ics")
@public()
@limiter.limit("60 per minute")
def feed(token: str) -> Response:
    """The tasks of whom the address belongs to, for a calendar program."""
    user = calendar.user_of(token) or abort(404)
    text = calendar.calendar(user, _base(), f"{school_name()}: tasks of {user.name}")
    headers = {"Cache-Control": "private, no-store", "Content-Disposition": 'inline; filename="tasks.ics"'}
    return Response(text, mimetype="text/calendar", headers=headers)


@bp.get("/account/calendar")
@requires("crm.contacts.view")
def link() -> Response:
    """The address of one's own feed, if it is on."""
    token = calendar.calendar_token(current_user)
    url = _base() + url_for(".feed", token=token) if token else None
    return piece("tasks/_calendar.html", "Calendar", url_for("users.account"), url=url)


@bp.post("/account/calendar")
@requires("crm.contacts.view")
def renew() -> ResponseReturnValue:
    """Make a new address; the old one leads nowhere from now on."""
    calendar.turn_on(current_user)
    return _done("Your calendar has an address.")


@bp.post("/account/calendar/end")
@requires("crm.contacts.view")
def end() -> ResponseReturnValue:
    """Let the address lead nowhere."""
    calendar.turn_off(current_user)
    return _done("Your calendar's address leads nowhere now.")


def _done(words: str) -> ResponseReturnValue:
    commit()
    flash(words, "good")
    return redirect(url_for("users.account"), 303)


def _base() -> str:
    return current_app.config["PUBLIC_URL"].rstrip("/")
