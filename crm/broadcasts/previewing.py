"""A wording as one person would get it, and as a test in somebody's inbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from crm.broadcasts import reach
from crm.broadcasts.models import Broadcast
from crm.contacts.models import Contact
from crm.contacts.queries import scope
from crm.database import db
from crm.email.compose import composed
from crm.email.headers import one_line
from crm.email.links import filled
from crm.email.models import EmailContent
from crm.email.operations import queue_test
from crm.email.rendering import Rendered, rendered
from crm.email.values import example_values, kept, known, values_of
from crm.lib import merge_tags
from crm.lib.merge_tags import MergeError
from crm.users.models import User


@dataclass(frozen=True)
class Inbox:
    """What stands in a list of emails."""

    subject: str
    preheader: str


def as_read_by(form: str, subject: str, preheader: str, body: str, contact: Contact | None) -> Rendered:
    """These words as the contact, or else an example, gets them. Raises MergeError."""
    content, values = composed(form, subject, preheader, body), _values(contact)
    return rendered(
        content, values, link=lambda at: filled(content.links[at], values) or "#", unsubscribe_url="#unsubscribe"
    )


def in_the_inbox(content: EmailContent, contact: Contact | None) -> Inbox | None:
    """The two lines of it that the contact, or else an example, sees in a list of emails; nothing if they cannot be filled in."""
    values = _values(contact)
    try:
        lines = [one_line(merge_tags.render(each, values)) for each in (content.subject, content.preheader)]
    except MergeError:
        return None
    return Inbox(*lines)


def send_test(
    content: EmailContent, people: Sequence[User], contact: Contact | None, sender_id: int | None = None
) -> int:
    """Queue the wording to these members of staff, as the contact would get it; to how many. Raises MergeError."""
    names = composed(content.format, content.subject, content.preheader, content.body).names
    values = kept(_values(contact), names)
    for each in people:
        queue_test(content, None, each.email, values, sender_id)
    return len(people)


def a_recipient(broadcast: Broadcast, viewer: User, after: int = 0) -> Contact | None:
    """The next contact the broadcast is for, to look at it through; after the last comes the first."""
    found = sa.select(Contact).where(reach.meant(broadcast), scope(viewer)).order_by(Contact.id).limit(1)
    return db.session.scalar(found.where(Contact.id > after)) or (db.session.scalar(found) if after else None)


def _values(contact: Contact | None) -> dict[str, Any]:
    found = values_of([contact.id], known()) if contact else {}
    return found[contact.id] if contact and contact.id in found else example_values()
