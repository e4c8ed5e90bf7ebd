"""What is written (contents, templates), what is sent (messages), and what comes back (opens, clicks)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.contacts.models import Contact
from crm.database import Identified, Model, Numbered, Timestamped, reference
from crm.delivery.models import EmailSender, Ledger
from crm.lib import clock
from crm.preferences.models import Topic

_WAITING = sa.text("visitor = 'waiting'")
FORMATS = {"markdown": "Markdown", "mjml": "MJML"}


class EmailContent(Identified, Model):
    """The words of an email, never changed: a new wording is a new row, the same wording is the same row."""

    __tablename__ = "email_contents"

    digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    subject: Mapped[str] = mapped_column(sa.String(255))
    preheader: Mapped[str] = mapped_column(sa.String(255), default="")
    body: Mapped[str] = mapped_column(sa.Text)
    format: Mapped[str] = mapped_column(sa.String(10), default="markdown")
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class EmailLink(Identified, Model):
    """A link of a content, in reading order; a click redirects here and nowhere else."""

    __tablename__ = "email_links"

    content_id: Mapped[int] = reference("email_contents.id", on_delete="CASCADE")
    position: Mapped[int]
    url: Mapped[str] = mapped_column(sa.Text)

    __table_args__ = (sa.UniqueConstraint("content_id", "position"),)


class EmailTemplate(Numbered, Timestamped, Model):
    """A named email to start from; `slug` is its stable name for workflows and the API.

    `kind` is what consent asks about (`preferences.kinds`); None leaves it to whoever sends it. One that is archived is offered no more.
    """

    __tablename__ = "email_templates"

    name: Mapped[str] = mapped_column(sa.String(120))
    slug: Mapped[str] = mapped_column(sa.String(120), unique=True)
    content_id: Mapped[int] = reference("email_contents.id", on_delete="RESTRICT")
    version: Mapped[int] = mapped_column(default=1)
    topic_id: Mapped[int | None] = reference("topics.id", on_delete="SET NULL", index=True)
    kind: Mapped[str | None] = mapped_column(sa.String(20))
    sender_id: Mapped[int | None] = reference("email_senders.id", on_delete="SET NULL", index=True)
    """Whom its mail is from, if not the school's usual sender."""
    archived_at: Mapped[datetime | None]
    created_by: Mapped[int | None] = reference("users.id", on_delete="SET NULL")

    content: Mapped[EmailContent] = relationship()
    topic: Mapped[Topic | None] = relationship()
    sender: Mapped[EmailSender | None] = relationship()


class EmailLane(Numbered, Model):
    """Messages that are held, let go and slowed down together: all of a broadcast, say. Lane 0, the ordinary one, has no row."""

    __tablename__ = "email_lanes"

    purpose: Mapped[str] = mapped_column(sa.String(20))
    parent_id: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    name: Mapped[str] = mapped_column(sa.String(160))
    is_held: Mapped[bool] = mapped_column(default=True)
    per_minute: Mapped[int | None]
    sender_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    """Who its mail is from, if not the school's usual sender."""
    next_at: Mapped[datetime | None]
    """When the next message may go, of a lane that is slowed down."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    __table_args__ = (sa.Index("ix_email_lanes_parent", "purpose", "parent_id"),)


class EmailTemplateVersion(Identified, Model):
    """What a template said from then on; restoring one makes a new one."""

    __tablename__ = "email_template_versions"

    template_id: Mapped[int] = reference("email_templates.id", on_delete="CASCADE")
    version: Mapped[int]
    name: Mapped[str] = mapped_column(sa.String(120))
    content_id: Mapped[int] = reference("email_contents.id", on_delete="RESTRICT")
    saved_by: Mapped[int | None] = reference("users.id", on_delete="SET NULL")
    actor: Mapped[str] = mapped_column(sa.String(120), default="")
    saved_at: Mapped[datetime] = mapped_column(default=clock.now)

    content: Mapped[EmailContent] = relationship()

    __table_args__ = (sa.UniqueConstraint("template_id", "version"),)


def _seen(name: str, condition: str) -> sa.Index:
    """An index of the contacts with such a message, for conditions: counting opens took 2 s of 3 million messages without."""
    where = sa.text(condition)
    return sa.Index(name, "contact_id", sqlite_where=where, postgresql_where=where)


_OF_STEP = sa.text("step_id IS NOT NULL")


class EmailMessage(Numbered, Ledger, Model):
    """One email to one person: a row before it is sent, the record of it afterwards."""

    __tablename__ = "email_messages"

    contact_id: Mapped[int | None] = reference("contacts.id", on_delete="CASCADE")
    lane_id: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    content_id: Mapped[int] = reference("email_contents.id", on_delete="RESTRICT")
    template_id: Mapped[int | None] = reference("email_templates.id", on_delete="SET NULL")
    step_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    sender_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    """Whom it is from; without one its lane's sender, then the default one."""
    is_marketing: Mapped[bool] = mapped_column(default=True)
    kind: Mapped[str | None] = mapped_column(sa.String(20))
    """What consent asks about: a kind of `preferences.kinds`; None is plain marketing or transactional mail."""
    topic_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    to_address: Mapped[str | None] = mapped_column(sa.String(255))
    subject: Mapped[str | None] = mapped_column(sa.String(998))
    merge_values: Mapped[dict[str, Any] | None]
    actor: Mapped[str] = mapped_column(sa.String(120), default="")
    depth: Mapped[int] = mapped_column(default=0)
    message_id: Mapped[str | None] = mapped_column(sa.String(255), index=True)
    provider: Mapped[str | None] = mapped_column(sa.String(20))
    resent_at: Mapped[datetime | None]
    """When a person had it sent again after its end was unknown; that can be done once."""
    dot_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    """When it was put off for a failure for the first time; it is tried for so long from then on."""
    slot_at: Mapped[datetime | None]
    """The moment it was given when mail to its domain is slowed down."""
    code: Mapped[int | None]
    reply: Mapped[str | None] = mapped_column(sa.String(500))
    opened_at: Mapped[datetime | None]
    opened_count: Mapped[int] = mapped_column(default=0)
    machine_opened_count: Mapped[int] = mapped_column(default=0)
    clicked_at: Mapped[datetime | None]
    clicked_count: Mapped[int] = mapped_column(default=0)
    machine_clicked_count: Mapped[int] = mapped_column(default=0)
    machine_reason: Mapped[str | None] = mapped_column(sa.String(60))
    unsubscribed_at: Mapped[datetime | None]
    bounced_at: Mapped[datetime | None]
    bounce_type: Mapped[str | None] = mapped_column(sa.String(50))
    """hard, soft or blocked."""
    complained_at: Mapped[datetime | None]

    contact: Mapped[Contact | None] = relationship()
    content: Mapped[EmailContent] = relationship()

    __table_args__ = (
        sa.UniqueConstraint("purpose", "parent_id", "contact_id", "visit_no"),
        sa.Index("ix_email_messages_due", "status", "lane_id", "due_at"),
        sa.Index("ix_email_messages_status", "status", "id"),
        sa.Index("ix_email_messages_contact", "contact_id", "id"),
        sa.Index("ix_email_messages_template", "template_id", "id"),
        sa.Index("ix_email_messages_content", "content_id", "id"),
        sa.Index("ix_email_messages_step", "step_id", "id", sqlite_where=_OF_STEP, postgresql_where=_OF_STEP),
        _seen("ix_email_messages_opened", "opened_at IS NOT NULL"),
        _seen("ix_email_messages_clicked", "clicked_at IS NOT NULL"),
    )


class Seen:
    """What a request for a picture or a link told about who made it.

    `visitor` is person, machine, unknown (it cannot be told, so it counts as no person) or waiting (a click so soon after
    delivery that it may yet turn out to be a scanner's). `machine_reason` says why it is not a person's.
    """

    user_agent: Mapped[str | None] = mapped_column(sa.String(255))
    ip_address: Mapped[str | None] = mapped_column(sa.String(45))
    device: Mapped[str | None] = mapped_column(sa.String(10))
    client: Mapped[str | None] = mapped_column(sa.String(30))
    system: Mapped[str | None] = mapped_column(sa.String(20))
    visitor: Mapped[str] = mapped_column(sa.String(8), default="person", server_default="person")
    machine_reason: Mapped[str | None] = mapped_column(sa.String(60))


class EmailOpen(Identified, Seen, Model):
    """One fetching of a message's picture."""

    __tablename__ = "email_opens"

    email_message_id: Mapped[int] = reference("email_messages.id", on_delete="CASCADE", index=True)
    contact_id: Mapped[int | None] = reference("contacts.id", on_delete="CASCADE")
    opened_at: Mapped[datetime] = mapped_column(default=clock.now)

    __table_args__ = (sa.Index("ix_email_opens_contact", "contact_id", "opened_at"),)


class EmailLinkClick(Identified, Seen, Model):
    """One click on one link; `position` is the link's within its content."""

    __tablename__ = "email_link_clicks"

    email_message_id: Mapped[int] = reference("email_messages.id", on_delete="CASCADE", index=True)
    contact_id: Mapped[int | None] = reference("contacts.id", on_delete="CASCADE")
    position: Mapped[int | None]
    url: Mapped[str] = mapped_column(sa.Text)
    clicked_at: Mapped[datetime] = mapped_column(default=clock.now)

    __table_args__ = (
        sa.Index("ix_email_link_clicks_contact", "contact_id", "clicked_at"),
        sa.Index("ix_email_link_clicks_waiting", "clicked_at", sqlite_where=_WAITING, postgresql_where=_WAITING),
    )


class LostHits(Identified, Model):
    """How many opens or clicks of a day could not be kept: the reader noticed nothing, so it is counted here."""

    __tablename__ = "email_lost_hits"

    day: Mapped[date]
    kind: Mapped[str] = mapped_column(sa.String(10))
    count: Mapped[int] = mapped_column(default=0)

    __table_args__ = (sa.UniqueConstraint("day", "kind"),)
