"""The note."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.contacts.models import Contact
from crm.database import Model, Numbered, Timestamped, reference
from crm.users.models import User

KINDS = {"note": "Note", "call": "Call", "meeting": "Meeting"}
ICONS = {"note": "note", "call": "phone", "meeting": "users"}


class Note(Numbered, Timestamped, Model):
    """Something written down about a contact, in Markdown. A deleted note is kept for thirty days."""

    __tablename__ = "contact_notes"

    contact_id: Mapped[int] = reference("contacts.id", on_delete="CASCADE")
    user_id: Mapped[int | None] = reference("users.id", on_delete="SET NULL")
    kind: Mapped[str] = mapped_column(sa.String(20), default="note")
    content: Mapped[str] = mapped_column(sa.Text)
    is_pinned: Mapped[bool] = mapped_column(default=False)
    revision: Mapped[int] = mapped_column(default=0)
    """Grows with each edit, so that two people editing one note are told."""
    author_name: Mapped[str] = mapped_column(sa.String(120), default="")
    """Who wrote it, also when it was a program or somebody whose account is gone."""
    deleted_at: Mapped[datetime | None]

    contact: Mapped[Contact] = relationship()
    author: Mapped[User | None] = relationship()

    __table_args__ = (
        sa.Index("ix_contact_notes_list", "contact_id", "is_pinned", "created_at", "id"),
        sa.Index(
            "ix_contact_notes_deleted",
            "deleted_at",
            sqlite_where=sa.text("deleted_at IS NOT NULL"),
            postgresql_where=sa.text("deleted_at IS NOT NULL"),
        ),
    )

    @property
    def kind_label(self) -> str:
        return KINDS.get(self.kind, self.kind)

    @property
    def icon(self) -> str:
        return ICONS.get(self.kind, "note")

    @property
    def is_changed(self) -> bool:
        """Whether the words were changed after they were written."""
        return self.revision > 0

    def may_be_changed_by(self, user: User) -> bool:
        """One's own notes, or anybody's with the right to delete contacts."""
        if not user.can("crm.contacts.edit"):
            return False
        return self.user_id == user.id or user.can("crm.contacts.delete")
