"""The bell, its page, and the choice of what comes by email."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from crm.database import commit
from crm.lib.htmx import is_htmx, piece
from crm.notifications import operations, queries
from crm.notifications.kinds import KINDS
from crm.users.access import signed_in

bp = Blueprint("notifications", __name__)


@bp.get("/notifications")
@signed_in
def index() -> ResponseReturnValue:
    """What I was told, newest first; `show=unread` leaves out what I read."""
    only_unread = request.args.get("show") == "unread"
    at = request.args.get("at")
    page = queries.notification_page(current_user, only_unread, at)
    template = "notifications/_rows.html" if at and is_htmx() else "notifications/index.html"
    return render_template(template, page=page, only_unread=only_unread)


@bp.get("/notifications/bell")
@signed_in
def bell() -> ResponseReturnValue:
    """The bell, or nothing when it still shows the right number."""
    unread = queries.unread_count(current_user)
    if is_htmx() and request.args.get("shown", type=int) == unread:
        return Response(status=204)
    return piece("notifications/_bell.html", "Notifications", url_for(".index"), unread=unread)


@bp.post("/notifications/<int:notification_id>/reading")
@signed_in
def read(notification_id: int) -> ResponseReturnValue:
    """Mark it read, and go where it leads; `stay` only marks it."""
    notification = queries.own_notification(current_user, notification_id)
    operations.mark_read(notification)
    commit()
    leads = notification.action_url if not request.form.get("stay") else None
    return redirect(leads or url_for(".index"), 303)


@bp.post("/notifications/reading")
@signed_in
def read_all() -> ResponseReturnValue:
    """Mark everything read."""
    operations.mark_all_read(current_user)
    commit()
    return redirect(url_for(".index"), 303)


@bp.get("/account/notifications")
@signed_in
def choices() -> ResponseReturnValue:
    """What comes by email."""
    wanted = queries.emailed_kinds(current_user)
    return piece("notifications/_choices.html", "Notifications", url_for("users.account"), kinds=KINDS, wanted=wanted)


@bp.post("/account/notifications")
@signed_in
def choose() -> ResponseReturnValue:
    """Keep what is to come by email."""
    ticked = set(request.form.getlist("kinds"))
    operations.choose_emails(current_user, {each.key: each.key in ticked for each in KINDS})
    commit()
    flash("Your choice was saved.", "good")
    return redirect(url_for("users.account"), 303)
