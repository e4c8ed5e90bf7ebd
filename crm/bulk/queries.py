"""Questions about bulk actions."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from crm.bulk.models import BulkAction
from crm.database import db
from crm.users.models import User


def recent_actions(user: User) -> Sequence[BulkAction]:
    """The last fifty this user asked for; administrators see everybody's."""
    found = sa.select(BulkAction).order_by(BulkAction.id.desc()).limit(50)
    return db.session.scalars(found.where(_seen_by(user))).all()


def action_of(user: User, action_id: int) -> BulkAction | None:
    """The action, if this user may know of it."""
    return db.session.scalar(sa.select(BulkAction).where(BulkAction.id == action_id, _seen_by(user)))


def _seen_by(user: User) -> sa.ColumnElement[bool]:
    return sa.true() if user.can("crm.settings.manage") else BulkAction.created_by == user.id
