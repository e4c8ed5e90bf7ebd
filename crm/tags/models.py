"""Tags and who wears them."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Identified, Model, Timestamped, reference
from crm.lib import clock

COLORS = ("gray", "blue", "green", "red", "yellow", "purple", "orange", "teal", "pink")


class Tag(Identified, Timestamped, Model):
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


def slug_of(name: str) -> str:
    """The stable name made of a name: lower case, no accents, words joined by a dash."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return re.sub(r"[\W_]+", "-", plain).strip("-")[:100]
