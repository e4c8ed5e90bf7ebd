"""The timeline panel of a contact."""

from __future__ import annotations

from flask import Blueprint, current_app, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from crm.activity.vocabulary import BY_KIND
from crm.contacts.models import Contact
from crm.contacts.queries import visible_contact
from crm.lib.htmx import piece
from crm.timeline.queries import kinds_of, timeline_page
from crm.timeline.upcoming import Upcoming
from crm.users.access import access_of, requires

bp = Blueprint("timeline", __name__)


@bp.get("/contacts/<int:contact_id>/timeline")
@requires("crm.contacts.view")
def panel(contact_id: int) -> ResponseReturnValue:
    """What happened to the contact; `type` picks a kind, `q` asks for words, `at` for what is older than that place."""
    contact = visible_contact(current_user, contact_id)
    kind, at, text = request.args.get("type") or None, request.args.get("at"), request.args.get("q", "")[:200].strip()
    return piece(
        "timeline/_entries.html" if at else "timeline/_timeline.html",
        f"Timeline of {contact.name}",
        url_for("contacts.show", contact_id=contact.id),
        contact=contact,
        page=timeline_page(contact.id, kind, at, text),
        text=text,
        upcoming=[] if at or kind or text else scheduled(contact),
        kinds=[] if at else kinds_of(contact.id),
        kind=kind,
        icon_of=lambda name: BY_KIND[name].icon if name in BY_KIND else "circle-dot",
        url_of=subject_url,
    )


def scheduled(contact: Contact) -> list[Upcoming]:
    """What will happen to the contact, the next first."""
    asked = current_app.extensions["upcoming"]
    return sorted((found for each in asked for found in each(contact, current_user)), key=lambda each: each.at)


def subject_url(subject_type: str | None, subject_id: int | None) -> str | None:
    """Where the subject of an entry is looked at, if there is such a page and this viewer may go there."""
    endpoint, argument = current_app.extensions["subject_pages"].get(subject_type, (None, ""))
    if not subject_id or endpoint not in current_app.view_functions:
        return None
    access = access_of(endpoint)
    if access is None or not all(current_user.can(each) for each in access.permissions):
        return None
    return url_for(endpoint, **{argument: subject_id})
