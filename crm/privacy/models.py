"""That somebody was forgotten, without saying who."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Identified, Model, reference
from crm.lib import clock


class Erasure(Identified, Model):
    """A person was forgotten. `counts` is how many rows of each table were theirs."""

    __tablename__ = "erasures"

    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    erased_by: Mapped[int | None] = reference("users.id", on_delete="SET NULL")
    actor: Mapped[str] = mapped_column(sa.String(120), default="")
    erased_at: Mapped[datetime] = mapped_column(default=clock.now)
