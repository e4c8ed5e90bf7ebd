"""Saved views, who pinned them, and the columns each person chose."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.database import Model, Numbered, Timestamped, reference
from crm.users.models import User


class ContactView(Numbered, Timestamped, Model):
    """A saved view. `query` holds the parameters of the list's address, `columns` keys; empty: as the reader likes them."""

    __tablename__ = "contact_views"

    name: Mapped[str] = mapped_column(sa.String(60))
    owner_id: Mapped[int] = reference("users.id", on_delete="CASCADE", index=True)
    is_shared: Mapped[bool] = mapped_column(default=False, index=True)
    query: Mapped[dict[str, Any]] = mapped_column(default=dict)
    columns: Mapped[list[Any]] = mapped_column(default=list)

    owner: Mapped[User] = relationship()

    def is_changeable_by(self, user: User) -> bool:
        """Whoever made it, and administrators for those that are shared."""
        return self.owner_id == user.id or (self.is_shared and user.can("crm.settings.manage"))


class ContactViewPin(Model):
    """Somebody has the view as a tab."""

    __tablename__ = "contact_view_pins"

    user_id: Mapped[int] = reference("users.id", on_delete="CASCADE", primary_key=True)
    view_id: Mapped[int] = reference("contact_views.id", on_delete="CASCADE", primary_key=True, index=True)


class ContactListChoice(Model):
    """The columns somebody chose, where no view has its own."""

    __tablename__ = "contact_list_choices"

    user_id: Mapped[int] = reference("users.id", on_delete="CASCADE", primary_key=True)
    columns: Mapped[list[Any]] = mapped_column(default=list)
