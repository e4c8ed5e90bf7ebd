"""An email in the browser: for readers whose mail program shows it badly. The link in the mail is signed and asks for no sign-in."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, render_template

from crm.database import db
from crm.email import preview
from crm.email.addresses import UNSUBSCRIBE
from crm.email.holders import holder_of
from crm.email.models import EmailMessage
from crm.lib.merge_tags import MergeError
from crm.lib.tokens import tokens
from crm.users.access import public

bp = Blueprint("view_email", __name__)


@bp.get("/api/track/unsubscribe/<token>/message")
@public()
def show(token: str) -> Any:
    """The message as it was sent, in a sandbox. Looking at it counts as nothing."""
    found = tokens().read(UNSUBSCRIBE, token)
    if found is None or len(found) != 2:
        abort(404)
    message, holder = db.session.get(EmailMessage, found[1]), holder_of(token) if found[0] else None
    contact_id = holder.contact.id if holder else 0
    if message is None or (message.contact_id or 0) != contact_id or message.merge_values is None:
        return render_template("tracking/unknown_message.html"), 410
    try:
        reply = preview.framed(preview.in_browser(message).html)
    except MergeError:
        return render_template("tracking/unknown_message.html"), 410
    reply.headers["X-Robots-Tag"] = "noindex, nofollow"
    return reply
