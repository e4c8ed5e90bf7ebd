"""Tags and who wears them."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.database import BigId, Identified, Model, Numbered, Timestamped, reference
from crm.lib import clock

COLORS = ("gray", "blue", "green", "red", "yellow", "purple", "orange", "teal", "pink")


class Tag(Numbered, Timestamped, Model):
    """A label; `slug` is its stable name for conditions, imports and the API."""

    __tablename__ = "contact_tags"

    name: Mapped[str] = mapped_column(sa.String(100))
    slug: Mapped[str] = mapped_column(sa.String(100), unique=True)
    color: Mapped[str] = mapped_column(sa.String(20), default="gray")
    description: Mapped[str | None] = mapped_column(sa.Text)
    created_by: Mapped[int | None] = reference("users.id", on_delete="SET NULL")


class Tagging(Identified, Model):
    """A contact wears a tag, once."""

    __tablename__ = "contact_taggings"

    tag_id: Mapped[int] = reference("contact_tags.id", on_delete="CASCADE")
    contact_id: Mapped[int] = reference("contacts.id", on_delete="CASCADE", index=True)
    tagged_at: Mapped[datetime] = mapped_column(default=clock.now)
    tagged_by: Mapped[int | None] = reference("users.id", on_delete="SET NULL")

    __table_args__ = (sa.UniqueConstraint("tag_id", "contact_id"),)


class TagRule(Identified, Timestamped, Model):
    """Who gets the tag by itself: those to whom an activity of this type happens, if its filters and the condition hold.

    `filters` narrow the activity: `{"refers": {"template_id": 3}, "values": [{"key": "url", "operator": "contains", "value": "price"}]}`.
    While the past is gone through, the activities after `past_after_id` up to `past_until_id` are still to be looked at.
    """

    __tablename__ = "contact_tag_rules"

    tag_id: Mapped[int] = reference("contact_tags.id", on_delete="CASCADE", index=True)
    activity_type: Mapped[str] = mapped_column(sa.String(50))
    filters: Mapped[dict[str, Any]] = mapped_column(default=dict)
    condition: Mapped[dict[str, Any] | None]
    is_on: Mapped[bool] = mapped_column(default=True)
    created_by: Mapped[int | None] = reference("users.id", on_delete="SET NULL")
    past_after_id: Mapped[int | None] = mapped_column(BigId)
    past_until_id: Mapped[int | None] = mapped_column(BigId)
    past_tagged: Mapped[int | None]
    """How many contacts got the tag for what happened before; None until somebody asked for that."""

    tag: Mapped[Tag] = relationship()

    @property
    def is_going_back(self) -> bool:
        return self.past_until_id is not None


def slug_of(name: str) -> str:
    """The stable name made of a name: lower case, no accents, words joined by a dash."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return re.sub(r"[\W_]+", "-", plain).strip("-")[:100]
