"""What the school keeps of its contacts beyond what everybody keeps.

Values are rows of one table with a typed column per sort of value, not JSON on the contact: each field is then indexed by
(field, value) from the moment it is made, without changing the schema while people work, a filter reads only the rows it means,
and at a million contacts a field that few have costs only those few rows.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.custom_fields.kinds import KINDS, Kind
from crm.database import BigId, Model, Numbered, Timestamped, reference

PREFIX = "fields."


class CustomField(Numbered, Timestamped, Model):
    """One fact the school asks for. `key` is its stable name; `choices` are texts; an archived one is kept, but shown nowhere."""

    __tablename__ = "custom_fields"

    key: Mapped[str] = mapped_column(sa.String(60), unique=True)
    label: Mapped[str] = mapped_column(sa.String(80))
    kind_key: Mapped[str] = mapped_column("kind", sa.String(20))
    help: Mapped[str] = mapped_column(sa.String(200), default="")
    choices: Mapped[list[Any]] = mapped_column(default=list)
    is_required: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=0)
    archived_at: Mapped[datetime | None]

    @property
    def kind(self) -> Kind:
        return KINDS[self.kind_key]

    @property
    def name(self) -> str:
        """What it is called in conditions, imports, addresses and, after “contact.”, in merge tags."""
        return PREFIX + self.key


class FieldValue(Model):
    """What a contact has in a field: one row, or one per choice with `slot` counting. Only the column of the field's kind is filled."""

    __tablename__ = "contact_field_values"

    contact_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True)
    field_id: Mapped[int] = reference("custom_fields.id", on_delete="CASCADE", primary_key=True)
    slot: Mapped[int] = mapped_column(primary_key=True, default=0)
    text: Mapped[str | None] = mapped_column(sa.String(500))
    number: Mapped[float | None] = mapped_column(sa.Double)
    day: Mapped[date | None]
    flag: Mapped[bool | None]

    __table_args__ = (
        *(
            sa.Index(
                f"ix_contact_field_values_{column}",
                "field_id",
                column,
                "contact_id",
                sqlite_where=sa.text(f"{column} IS NOT NULL"),
                postgresql_where=sa.text(f"{column} IS NOT NULL"),
            )
            for column in ("text", "number", "day", "flag")
        ),
    )
