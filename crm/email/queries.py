"""Questions about templates and messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from flask import url_for
from sqlalchemy.orm import joinedload

from crm.conditions.mentions import Mentioned, Use
from crm.contacts.models import Contact
from crm.contacts.queries import scope
from crm.contacts.search import found_by
from crm.database import db
from crm.email import limits
from crm.email.models import EmailLinkClick, EmailMessage, EmailOpen, EmailTemplate
from crm.preferences.consent import readers_of
from crm.preferences.kinds import KINDS, SYSTEM, kind_of
from crm.preferences.models import Topic
from crm.users.models import User

PAGE = 50


def templates(*, archived: bool = False) -> Sequence[EmailTemplate]:
    """The templates by name, with content and topic: those in use, or those that are archived."""
    is_archived = EmailTemplate.archived_at.is_not(None) if archived else EmailTemplate.archived_at.is_(None)
    found = sa.select(EmailTemplate).where(is_archived)
    found = found.options(joinedload(EmailTemplate.content), joinedload(EmailTemplate.topic))
    return db.session.scalars(found.order_by(sa.func.lower(EmailTemplate.name), EmailTemplate.id)).all()


def visible_messages(viewer: User) -> sa.Select[tuple[EmailMessage]]:
    """The messages this viewer may see: those to the contacts in their sight, and tests, which went to nobody."""
    found = sa.select(EmailMessage).outerjoin(Contact, Contact.id == EmailMessage.contact_id)
    in_sight = scope(viewer) if viewer.sees_assigned_only else sa.or_(EmailMessage.contact_id.is_(None), scope(viewer))
    return found.where(in_sight).options(joinedload(EmailMessage.contact), joinedload(EmailMessage.content))


def messages(viewer: User, status: str = "", text: str = "", before: int | None = None) -> Sequence[EmailMessage]:
    """A page of messages, newest first, and one more if there are more: with this status, to contacts found by this text."""
    found = visible_messages(viewer)
    if status:
        found = found.where(EmailMessage.status == status)
    if text.strip():
        found = found.where(found_by(text))
    if before is not None:
        found = found.where(EmailMessage.id < before)
    return db.session.scalars(found.order_by(EmailMessage.id.desc()).limit(PAGE + 1)).all()


def message(viewer: User, message_id: int) -> EmailMessage | None:
    """One message, if this viewer may see it."""
    return db.session.scalar(visible_messages(viewer).where(EmailMessage.id == message_id))


def messages_of(contact: Contact, limit: int = 6) -> Sequence[EmailMessage]:
    """The newest messages to a contact."""
    mine = (
        sa.select(EmailMessage).where(EmailMessage.contact_id == contact.id).options(joinedload(EmailMessage.content))
    )
    return db.session.scalars(mine.order_by(EmailMessage.id.desc()).limit(limit)).all()


def clicks_of(message: EmailMessage) -> Sequence[EmailLinkClick]:
    """The clicks on a message, oldest first."""
    mine = sa.select(EmailLinkClick).where(EmailLinkClick.email_message_id == message.id)
    return db.session.scalars(mine.order_by(EmailLinkClick.id).limit(200)).all()


def opens_of(message: EmailMessage) -> Sequence[EmailOpen]:
    """The times a message's picture was fetched, oldest first."""
    mine = sa.select(EmailOpen).where(EmailOpen.email_message_id == message.id)
    return db.session.scalars(mine.order_by(EmailOpen.id).limit(200)).all()


def undecided(viewer: User) -> int:
    """How many messages wait for a person to say what became of them."""
    found = visible_messages(viewer).where(EmailMessage.status == "unknown").with_only_columns(EmailMessage.id)
    return len(db.session.scalars(found.limit(1000)).all())


def templates_with(thing: Mentioned) -> list[Use]:
    """The templates sent under a topic."""
    if thing.key != "topic_id":
        return []
    rows = db.session.execute(
        sa.select(EmailTemplate.id, EmailTemplate.name, EmailTemplate.topic_id).order_by(EmailTemplate.name)
    )
    return [
        Use(f"Template “{row.name}”", url_for("templates.show", template_id=row.id))
        for row in rows
        if thing.is_in({"topic_id": row.topic_id})
    ]


def about(message: EmailMessage) -> list[tuple[str, str]]:
    """As what kind a message goes, under which topic, and who reads it for a minor."""
    kind = KINDS[SYSTEM if message.contact_id is None else kind_of(message.kind, message.is_marketing)]
    topic = db.session.get(Topic, message.topic_id) if message.topic_id else None
    reader = readers_of([message.contact_id]).get(message.contact_id) if message.contact_id else None
    guardian = f"{reader.name or reader.email}, the guardian" if reader and reader.is_guardian else ""
    return [("Kind", kind), *([("Topic", topic.name)] if topic else []), *([("Read by", guardian)] if guardian else [])]


def waits(message: EmailMessage, now: datetime) -> tuple[str, datetime] | None:
    """Why a message does not go yet, in words, and when it will."""
    if message.status != "pending":
        return None
    if message.due_at <= now and (message.is_marketing or message.lane_id):
        return limits.why_waiting(message.lane_id, now)
    return (message.reason, message.due_at) if message.reason else None
