"""What was answered to a POST that carried an Idempotency-Key."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Identified, Model, reference
from crm.lib import clock


class IdempotencyKey(Identified, Model):
    """A key of a token's owner. While the work is under way there is no `status`, and nobody else may begin before `lease_until`."""

    __tablename__ = "api_idempotency_keys"

    user_id: Mapped[int] = reference("users.id", on_delete="CASCADE")
    key: Mapped[str] = mapped_column(sa.String(255))
    fingerprint: Mapped[str] = mapped_column(sa.String(64))
    lease_until: Mapped[datetime]
    status: Mapped[int | None]
    body: Mapped[str | None] = mapped_column(sa.Text)
    location: Mapped[str | None] = mapped_column(sa.String(255))
    created_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)

    __table_args__ = (sa.UniqueConstraint("user_id", "key"),)
