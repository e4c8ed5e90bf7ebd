"""Audiences, their members, and contacts to be looked at again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import BigId, Identified, Model, Numbered, Timestamped, reference
from crm.lib import clock

STATIC, DYNAMIC = "static", "dynamic"
KINDS = {DYNAMIC: "Dynamic", STATIC: "Static"}


class Audience(Numbered, Timestamped, Model):
    """A named group of contacts. `slug` is its stable name; `updated_at` is when a person last edited it."""

    __tablename__ = "audiences"

    name: Mapped[str] = mapped_column(sa.String(100))
    slug: Mapped[str] = mapped_column(sa.String(100), unique=True)
    description: Mapped[str | None] = mapped_column(sa.Text)
    kind: Mapped[str] = mapped_column(sa.String(10))
    condition: Mapped[dict[str, Any] | None]
    created_by: Mapped[int | None] = reference("users.id", on_delete="SET NULL")
    member_count: Mapped[int] = mapped_column(default=0)
    changed_at: Mapped[datetime | None]
    """When somebody last joined or left."""
    refreshed_at: Mapped[datetime | None]
    """The moment the members are true of; empty until they were gathered once."""
    due_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
    """When all members are to be looked at next."""
    copies_id: Mapped[int | None] = reference("audiences.id", on_delete="SET NULL")
    """The static audience whose members are still being copied here."""

    __table_args__ = (sa.Index("ix_audiences_name", "name", "id"),)

    @property
    def is_dynamic(self) -> bool:
        return self.kind == DYNAMIC

    @property
    def is_gathering(self) -> bool:
        """Whether its first members are still being collected."""
        return self.copies_id is not None or (self.is_dynamic and self.refreshed_at is None)


class AudienceMember(Identified, Model):
    """A contact is in an audience, once."""

    __tablename__ = "audience_members"

    audience_id: Mapped[int] = reference("audiences.id", on_delete="CASCADE")
    contact_id: Mapped[int] = reference("contacts.id", on_delete="CASCADE", index=True)
    joined_at: Mapped[datetime] = mapped_column(default=clock.now)
    added_by: Mapped[int | None] = reference("users.id", on_delete="SET NULL")

    __table_args__ = (
        sa.UniqueConstraint("audience_id", "contact_id"),
        sa.Index("ix_audience_members_newest", "audience_id", "id"),
    )


class AudienceTouch(Model):
    """A contact something happened to, who may belong elsewhere now. `depth` is that of the activity."""

    __tablename__ = "audience_touches"

    contact_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    depth: Mapped[int] = mapped_column(default=0)
