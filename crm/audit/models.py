"""One thing that somebody did."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Identified, Model, reference
from crm.lib import clock

ACTIONS = {
    "added": "Added",
    "changed": "Changed",
    "deleted": "Deleted",
    "signed_in": "Signed in",
    "signed_out": "Signed out",
    "asked": "Asked for",
    "downloaded": "Downloaded",
    "backed_up": "Backed up",
    "restored": "Restored",
    "released": "Ended a hold",
    "held": "Began a hold",
    "erased": "Erased",
}
"""What can be done, as it is stored and as it reads."""


class AuditEntry(Identified, Model):
    """Who did what to which record. `changes` is field → [before, after]; secrets are never in it.

    `via` is how: page, token, command or job, `via_name` which. `contact_id` is whom the record is about, if anybody; it is no
    foreign key, for the entry outlives the contact.
    """

    __tablename__ = "audit_entries"

    occurred_at: Mapped[datetime] = mapped_column(default=clock.now)
    user_id: Mapped[int | None] = reference("users.id", on_delete="SET NULL")
    actor: Mapped[str] = mapped_column(sa.String(120), default="")
    via: Mapped[str] = mapped_column(sa.String(12))
    via_name: Mapped[str] = mapped_column(sa.String(120), default="")
    ip_address: Mapped[str] = mapped_column(sa.String(45), default="")
    action: Mapped[str] = mapped_column(sa.String(20))
    kind: Mapped[str] = mapped_column(sa.String(40))
    record_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    label: Mapped[str] = mapped_column(sa.String(255), default="")
    contact_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    changes: Mapped[dict[str, Any]] = mapped_column(default=dict)

    __table_args__ = (
        sa.Index("ix_audit_entries_moment", "occurred_at", "id"),
        sa.Index("ix_audit_entries_user", "user_id", "id"),
        sa.Index("ix_audit_entries_kind", "kind", "id"),
        sa.Index("ix_audit_entries_record", "kind", "record_id", "id"),
        sa.Index("ix_audit_entries_contact", "contact_id", "id"),
    )

    @property
    def action_label(self) -> str:
        return ACTIONS.get(self.action, self.action)
