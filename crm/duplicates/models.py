"""Pairs that look alike, and contacts that were made one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Identified, Model, Numbered, reference
from crm.lib import clock

KEPT_FOR = timedelta(days=30)


class DuplicatePair(Identified, Model):
    """Two contacts who may be one person, the older first. `dismissed_at`: somebody said they are not."""

    __tablename__ = "duplicate_pairs"

    first_id: Mapped[int] = reference("contacts.id", on_delete="CASCADE")
    second_id: Mapped[int] = reference("contacts.id", on_delete="CASCADE", index=True)
    score: Mapped[int]
    reasons: Mapped[list[Any]] = mapped_column(default=list)
    found_at: Mapped[datetime] = mapped_column(default=clock.now)
    dismissed_at: Mapped[datetime | None]

    __table_args__ = (
        sa.UniqueConstraint("first_id", "second_id"),
        sa.Index("ix_duplicate_pairs_score", "score", "id"),
    )


class ContactMerge(Numbered, Model):
    """One contact went into another. `packed` are the rows that went with it, `moved` those that changed hands: table, key, column, and
    what else was changed of them.

    `before` and `after` are the fields of the survivor that were changed, `called_off` the ids of emails that would have come twice.
    """

    __tablename__ = "contact_merges"

    survivor_id: Mapped[int] = reference("contacts.id", on_delete="CASCADE", index=True)
    loser_id: Mapped[int] = mapped_column(sa.BigInteger)
    name: Mapped[str] = mapped_column(sa.String(255), default="")
    email: Mapped[str | None] = mapped_column(sa.String(255), index=True)
    packed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    moved: Mapped[list[Any]] = mapped_column(default=list)
    called_off: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(default=dict)
    actor: Mapped[str] = mapped_column(sa.String(120), default="")
    merged_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
