"""What the school has set, as keys and values."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.database import Model
from crm.lib import clock


class Setting(Model):
    """One fact. Its key is the name of the configuration setting it stands in for."""

    __tablename__ = "settings"

    key: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    value: Mapped[str] = mapped_column(sa.Text)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now, onupdate=clock.now)


class Pruning(Model):
    """When one kind of old things was last removed, and how many those were."""

    __tablename__ = "prunings"

    key: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    label: Mapped[str] = mapped_column(sa.String(120))
    count: Mapped[int] = mapped_column(default=0)
    pruned_at: Mapped[datetime] = mapped_column(default=clock.now)
