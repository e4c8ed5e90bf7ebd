"""Questions about what a user was told."""

from __future__ import annotations

import sqlalchemy as sa
from flask import abort

from crm.database import db, table_of
from crm.lib.keyset import Order, Page, page, read_cursor
from crm.notifications.kinds import KINDS
from crm.notifications.models import Notification, NotificationChoice
from crm.users.models import User

PAGE = 30
MOST = 99
TOLD = table_of(Notification)
NEWEST = Order(TOLD.c.created_at, TOLD.c.id, is_descending=True)


def unread_count(user: User) -> int:
    """How many the user has not read, counted up to a hundred."""
    unread = sa.select(Notification.id).where(Notification.user_id == user.id, Notification.read_at.is_(None))
    return db.session.scalar(sa.select(sa.func.count()).select_from(unread.limit(MOST + 1).subquery())) or 0


def notification_page(user: User, only_unread: bool = False, cursor: str | None = None) -> Page:
    """One page of what the user was told, newest first."""
    found = sa.select(*TOLD.c).where(TOLD.c.user_id == user.id)
    if only_unread:
        found = found.where(TOLD.c.read_at.is_(None))
    return page(found, NEWEST, read_cursor(cursor, NEWEST), lambda each: db.session.execute(each).all(), PAGE)


def own_notification(user: User, notification_id: int) -> Notification:
    """The notification, if it is the user's; else the answer is 404."""
    mine = sa.select(Notification).where(Notification.id == notification_id, Notification.user_id == user.id)
    return db.session.scalar(mine) or abort(404)


def emailed_kinds(user: User) -> set[str]:
    """The kinds this user gets by email."""
    mine = sa.select(NotificationChoice.kind, NotificationChoice.by_email).where(NotificationChoice.user_id == user.id)
    said = dict(db.session.execute(mine).all())
    return {each.key for each in KINDS if said.get(each.key, each.is_emailed)}
