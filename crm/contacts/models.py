"""The contact."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapped, Mapper, mapped_column, relationship

from crm.custom_fields.models import FieldValue
from crm.database import Model, Numbered, Timestamped, reference
from crm.lib import clock
from crm.users.models import Team, User

LIFECYCLE_STAGES = {
    "lead": "Lead",
    "prospect": "Prospect",
    "enrolled": "Enrolled",
    "active": "Active",
    "alumni": "Alumni",
    "lost": "Lost",
}


SELDOM_SET = ("team_id", "guardian_id", "referrer_id", "utm_source", "utm_medium", "utm_campaign")
"""Columns most contacts have nothing in: their indexes hold only those who have, so that adding contacts stays quick."""


def where_set(column: str) -> dict[str, Any]:
    """The options of an index of those who have something in the column."""
    return _where(f"{column} IS NOT NULL")


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


class Contact(Numbered, Timestamped, Model):
    """A person, from first inquiry to alumni. `email` is lower case, `phone` is E.164, both empty as NULL."""

    __tablename__ = "contacts"

    first_name: Mapped[str] = mapped_column(sa.String(120), default="")
    last_name: Mapped[str] = mapped_column(sa.String(120), default="")
    sort_name: Mapped[str] = mapped_column(sa.String(255), default="")
    email: Mapped[str | None] = mapped_column(sa.String(255))
    phone: Mapped[str | None] = mapped_column(sa.String(20))
    country: Mapped[str | None] = mapped_column(sa.String(2))
    city: Mapped[str | None] = mapped_column(sa.String(120))
    language: Mapped[str | None] = mapped_column(sa.String(10))
    timezone: Mapped[str | None] = mapped_column(sa.String(64))
    source: Mapped[str | None] = mapped_column(sa.String(120))
    birthday: Mapped[date | None]
    utm_source: Mapped[str | None] = mapped_column(sa.String(120))
    utm_medium: Mapped[str | None] = mapped_column(sa.String(120))
    utm_campaign: Mapped[str | None] = mapped_column(sa.String(120))
    utm_term: Mapped[str | None] = mapped_column(sa.String(120))
    utm_content: Mapped[str | None] = mapped_column(sa.String(120))
    external_id: Mapped[str | None] = mapped_column(sa.String(120))
    lifecycle_stage: Mapped[str] = mapped_column(sa.String(20), default="lead")
    stage_changed_at: Mapped[datetime | None] = mapped_column(default=clock.now)
    owner_id: Mapped[int | None] = reference("users.id", on_delete="SET NULL")
    team_id: Mapped[int | None] = reference("teams.id", on_delete="SET NULL")
    guardian_id: Mapped[int | None] = reference("contacts.id", on_delete="SET NULL")
    referrer_id: Mapped[int | None] = reference("contacts.id", on_delete="SET NULL")
    last_activity_at: Mapped[datetime | None]
    last_email_sent_at: Mapped[datetime | None]
    last_email_opened_at: Mapped[datetime | None]
    last_email_clicked_at: Mapped[datetime | None]

    owner: Mapped[User | None] = relationship()
    team: Mapped[Team | None] = relationship()
    field_values: Mapped[list[FieldValue]] = relationship(order_by=FieldValue.slot, viewonly=True)

    __table_args__ = (
        sa.Index("uq_contacts_email", "email", unique=True),
        sa.Index("ix_contacts_phone", "phone", "id"),
        sa.Index("ix_contacts_sort_name", "sort_name", "id"),
        sa.Index("ix_contacts_unreachable", "sort_name", "email", "phone", **_where("email IS NULL AND phone IS NULL")),
        sa.Index("ix_contacts_created_at", "created_at", "id"),
        sa.Index("ix_contacts_last_activity_at", "last_activity_at", "id"),
        sa.Index("ix_contacts_lifecycle_stage", "lifecycle_stage", "id"),
        sa.Index("ix_contacts_board", "lifecycle_stage", "stage_changed_at", "id"),
        sa.Index("ix_contacts_stage_changed_at", "stage_changed_at", "id"),
        sa.Index("ix_contacts_owner_id", "owner_id", "id"),
        sa.Index("ix_contacts_country", "country", "id"),
        sa.Index("ix_contacts_city", "city", "id"),
        sa.Index("ix_contacts_source", "source", "id"),
        sa.Index("ix_contacts_language", "language", "id"),
        sa.Index("ix_contacts_birthday", "birthday", "id"),
        sa.Index("uq_contacts_external_id", "external_id", unique=True, **where_set("external_id")),
        *(sa.Index(f"ix_contacts_{each}", each, "id", **where_set(each)) for each in SELDOM_SET),
        sa.Index("ix_contacts_last_email_opened_at", "last_email_opened_at", **where_set("last_email_opened_at")),
        sa.Index("ix_contacts_last_email_clicked_at", "last_email_clicked_at", **where_set("last_email_clicked_at")),
    )

    @property
    def name(self) -> str:
        """What to call the contact on a page, never empty."""
        return f"{self.first_name} {self.last_name}".strip() or self.email or self.phone or f"Contact {self.id}"

    @property
    def stage_label(self) -> str:
        return LIFECYCLE_STAGES.get(self.lifecycle_stage, self.lifecycle_stage)


def sort_name(first_name: str, last_name: str, email: str | None) -> str:
    """What a list of contacts is ordered by: the name without accents and case, else the address."""
    text = f"{first_name} {last_name}".strip() or email or ""
    if text.isascii():
        return text.lower()[:255]
    return " ".join(map(_plain, text.split(" ")))[:255]


@lru_cache(maxsize=5_000)
def _plain(word: str) -> str:
    """Many share a name: it is taken apart once."""
    plain = unicodedata.normalize("NFKD", word)
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).casefold()


def _keep_sort_name(_mapper: Mapper[Contact], _connection: sa.Connection, contact: Contact) -> None:
    contact.sort_name = sort_name(contact.first_name or "", contact.last_name or "", contact.email)


event.listen(Contact, "before_insert", _keep_sort_name)
event.listen(Contact, "before_update", _keep_sort_name)
