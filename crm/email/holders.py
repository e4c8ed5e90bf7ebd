"""Who holds the signed token of an email's own links: whoever the email was written to."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from flask import abort, make_response, render_template, request

from crm.activity.models import ContactActivity
from crm.activity.vocabulary import Actor, ContactMerged
from crm.contacts.models import Contact
from crm.database import db
from crm.email.addresses import UNSUBSCRIBE
from crm.email.models import EmailMessage
from crm.lib.mail_names import own_spelling
from crm.lib.tokens import tokens
from crm.preferences.models import Topic
from crm.preferences.proof import Source

READER = Actor(name="the contact")


@dataclass(frozen=True)
class Holder:
    """The contact the email is about, whoever reads it (a minor's guardian), and the address it went to."""

    contact: Contact
    reader: Contact
    email: str
    message: EmailMessage | None

    @property
    def is_at_home(self) -> bool:
        """Whether the email went to the address the reader still has."""
        return self.email == (self.reader.email or "").lower()

    @property
    def reads_now(self) -> Contact:
        """Whoever reads the contact's mail by now, at whatever address."""
        return (db.session.get(Contact, self.contact.guardian_id) if self.contact.guardian_id else None) or self.contact

    @property
    def topic(self) -> Topic | None:
        """What the email was sent under, if that is a topic readers choose."""
        found = db.session.get(Topic, self.message.topic_id) if self.message and self.message.topic_id else None
        return found if found is not None and found.is_public else None


def holder_of(token: str) -> Holder | None:
    """Who holds this token; None when the contact is no longer there. A forged or broken one is a 404 that helps its reader on."""
    found = tokens().read(UNSUBSCRIBE, token)
    if found is None or len(found) != 2:
        abort(make_response(render_template("tracking/no_such_link.html"), 404))
    message = db.session.get(EmailMessage, found[1])
    contact = db.session.get(Contact, found[0]) or _merged_with(message)
    email = (message.to_address if message else None) or (contact.email if contact else None)
    if contact is None or not email:
        return None
    guardian = db.session.get(Contact, contact.guardian_id) if contact.guardian_id else None
    email = own_spelling(email, contact.email, guardian.email if guardian else None)
    reader = guardian if guardian is not None and guardian.email == email else contact
    return Holder(contact, reader, email, message)


def merged(contact_id: sa.ColumnElement[int | None]) -> sa.ColumnElement[bool]:
    """Whether somebody was merged into this contact: who reads the emails that came along is this contact now."""
    return sa.exists().where(
        ContactActivity.contact_id == contact_id, ContactActivity.activity_type == ContactMerged.kind
    )


def _merged_with(message: EmailMessage | None) -> Contact | None:
    if message is None or message.contact_id is None:
        return None
    return db.session.scalar(sa.select(Contact).where(Contact.id == message.contact_id, merged(Contact.id)))


def source(how: str = "page", reason: str = "", shown: dict[str, str] | None = None) -> Source:
    """The proof of what is chosen with this request."""
    return Source(how, READER, reason, request.remote_addr, shown or {})
