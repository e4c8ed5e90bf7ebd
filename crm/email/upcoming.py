"""Emails that wait to be sent to a contact, for the top of their timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask import url_for
from sqlalchemy.orm import joinedload

from crm.contacts.models import Contact
from crm.database import db
from crm.email.headers import one_line
from crm.email.models import EmailMessage
from crm.email.values import known, values_of
from crm.lib import merge_tags
from crm.lib.merge_tags import MergeError
from crm.timeline.upcoming import Act, Upcoming
from crm.users.models import User

ASKS = "It is not sent to this contact. Everything else goes on."


def next_emails(contact: Contact, viewer: User) -> Sequence[Upcoming]:
    """What waits to be sent, the next first; at most twenty."""
    if not viewer.can("crm.broadcasts.view"):
        return []
    mine = sa.select(EmailMessage).where(EmailMessage.contact_id == contact.id, EmailMessage.status == "pending")
    mine = mine.options(joinedload(EmailMessage.content)).order_by(EmailMessage.due_at, EmailMessage.id)
    found = db.session.scalars(mine.limit(20)).all()
    values = values_of([contact.id], known()).get(contact.id, {}) if found else {}
    return [_upcoming(each, _subject(each, values), viewer.can("crm.broadcasts.send")) for each in found]


def _subject(message: EmailMessage, values: Mapping[str, Any]) -> str:
    """As the contact will read it, or as it was written if that cannot be told."""
    try:
        return one_line(merge_tags.render(message.content.subject, values))
    except MergeError:
        return message.content.subject


def _upcoming(message: EmailMessage, subject: str, may_cancel: bool) -> Upcoming:
    stop = Act("Cancel", url_for("messages.cancel", message_id=message.id, on="contact"), ASKS, "mail-x")
    note = message.reason or (f"from {message.actor}" if message.actor else "")
    url = url_for("messages.show", message_id=message.id)
    return Upcoming(message.due_at, "mail", f"Email: {subject}", url, note, (stop,) if may_cancel else ())
