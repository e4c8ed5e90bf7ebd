"""What a contact wants: switches and topics, opt-outs of addresses as a history of which the newest row rules, and the proof of all of it."""

from __future__ import annotations

from datetime import datetime, time

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Identified, Model, Numbered, Timestamped, reference
from crm.lib import clock

FREQUENCIES = {"all": "Whenever there is something", "weekly": "At most once a week", "monthly": "At most once a month"}
CHANNELS = {"email": "Email", "sms": "SMS", "whatsapp": "WhatsApp", "push": "Push"}
SWITCHES = {
    "email_enabled": "Email",
    "sms_enabled": "SMS",
    "whatsapp_enabled": "WhatsApp",
    "push_enabled": "Push messages",
    "marketing_emails": "News and offers",
    "transactional_emails": "Orders and account",
    "class_reminders": "Class reminders",
    "payment_reminders": "Payment reminders",
}
"""What can be switched on and off for a contact, with its words."""
HOW = {
    "page": "Page",
    "mail_program": "Mail program",
    "staff": "Staff",
    "complaint": "Complaint",
    "import": "Import",
    "api": "API",
    "form": "Form",
    "moved": "Change of address",
}
"""By which way a choice came in."""


class EmailUnsubscribe(Numbered, Model):
    """An address left, or came back (`resubscribed_at`)."""

    __tablename__ = "email_unsubscribes"

    contact_id: Mapped[int | None] = reference("contacts.id", on_delete="SET NULL", index=True)
    email: Mapped[str] = mapped_column(sa.String(255), index=True)
    reason: Mapped[str | None] = mapped_column(sa.String(100))
    feedback: Mapped[str | None] = mapped_column(sa.Text)
    email_message_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    unsubscribed_at: Mapped[datetime] = mapped_column(default=clock.now)
    resubscribed_at: Mapped[datetime | None]


class CommunicationPreferences(Identified, Model):
    """What one contact wants to receive. A contact without a row wants what the defaults say."""

    __tablename__ = "communication_preferences"

    contact_id: Mapped[int] = reference("contacts.id", on_delete="CASCADE", unique=True)
    email_enabled: Mapped[bool] = mapped_column(default=True)
    sms_enabled: Mapped[bool] = mapped_column(default=True)
    whatsapp_enabled: Mapped[bool] = mapped_column(default=True)
    push_enabled: Mapped[bool] = mapped_column(default=True)
    marketing_emails: Mapped[bool] = mapped_column(default=True)
    transactional_emails: Mapped[bool] = mapped_column(default=True)
    class_reminders: Mapped[bool] = mapped_column(default=True)
    payment_reminders: Mapped[bool] = mapped_column(default=True)
    preferred_channel: Mapped[str] = mapped_column(sa.String(12), default="email")
    quiet_hours_start: Mapped[time | None]
    quiet_hours_end: Mapped[time | None]
    frequency: Mapped[str] = mapped_column(sa.String(10), default="all")
    confirmation: Mapped[str] = mapped_column(sa.String(10), default="")
    """Double opt-in: "" was never asked for, "pending" is awaited, "confirmed" was given."""
    confirmation_asked_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(default=clock.now, onupdate=clock.now)


class Topic(Numbered, Timestamped, Model):
    """A kind of mail one subscribes to. `is_default`: who said nothing gets it; `is_public`: the preference page offers it."""

    __tablename__ = "topics"

    name: Mapped[str] = mapped_column(sa.String(80))
    slug: Mapped[str] = mapped_column(sa.String(80), unique=True)
    description: Mapped[str] = mapped_column(sa.String(300), default="")
    is_default: Mapped[bool] = mapped_column(default=True)
    is_public: Mapped[bool] = mapped_column(default=True)


class ContactTopic(Identified, Model):
    """A contact chose a topic, or refused it."""

    __tablename__ = "contact_topics"

    contact_id: Mapped[int] = reference("contacts.id", on_delete="CASCADE")
    topic_id: Mapped[int] = reference("topics.id", on_delete="CASCADE")
    is_on: Mapped[bool]
    changed_at: Mapped[datetime] = mapped_column(default=clock.now)

    __table_args__ = (
        sa.UniqueConstraint("contact_id", "topic_id"),
        sa.Index("ix_contact_topics_topic", "topic_id", "is_on", "contact_id"),
    )


class ConsentRecord(Numbered, Model):
    """The proof of one choice: who chose what, when, where, and which words they saw. Never changed."""

    __tablename__ = "consent_records"

    contact_id: Mapped[int] = reference("contacts.id", on_delete="CASCADE")
    address: Mapped[str] = mapped_column(sa.String(255), default="")
    channel: Mapped[str] = mapped_column(sa.String(12), default="email")
    what: Mapped[str] = mapped_column(sa.String(120))
    """A switch, `topic:` and a slug, `subscription` (an address's opt-out) or `confirmation` (double opt-in)."""
    is_on: Mapped[bool]
    how: Mapped[str] = mapped_column(sa.String(20))
    shown: Mapped[str] = mapped_column(sa.Text, default="")
    reason: Mapped[str] = mapped_column(sa.String(255), default="")
    ip_address: Mapped[str | None] = mapped_column(sa.String(45))
    user_id: Mapped[int | None] = reference("users.id", on_delete="SET NULL")
    actor: Mapped[str] = mapped_column(sa.String(120), default="")
    given_at: Mapped[datetime] = mapped_column(default=clock.now)

    __table_args__ = (
        sa.Index("ix_consent_records_contact", "contact_id", "id"),
        sa.Index("ix_consent_records_given", "is_on", "given_at", "contact_id"),
    )
