"""Telling people, and what they do with what they were told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from crm.database import after_commit, db, table_of
from crm.lib import clock
from crm.lib.bulk import execute_many
from crm.notifications.kinds import KINDS, Kind
from crm.notifications.models import Notification, NotificationChoice
from crm.queue import nudge
from crm.users.models import User

_APPEND = sa.insert(table_of(Notification))


@dataclass(frozen=True)
class News:
    """Something to tell one user. `url` is a path of ours."""

    user_id: int
    kind: Kind
    title: str
    message: str = ""
    url: str | None = None


def notify(user_ids: Iterable[int], kind: Kind, title: str, message: str = "", url: str | None = None) -> int:
    """Tell all these users the same thing; how many were told."""
    return notify_all([News(each, kind, title, message, url) for each in dict.fromkeys(user_ids)])


def notify_all(news: Sequence[News]) -> int:
    """Tell many users many things in a few statements. Whose account is closed is told nothing. Returns how many were told."""
    told = _enabled({each.user_id for each in news})
    mailed = _wanted_by_email(told, {each.kind for each in news})
    now = clock.now()
    rows = [
        {
            "user_id": each.user_id,
            "type": each.kind.key,
            "title": each.title[:255],
            "message": each.message,
            "action_url": each.url if each.url and each.url.startswith("/") and each.url[:2] != "//" else None,
            "icon": each.kind.icon,
            "created_at": now,
            "email_due_at": now if (each.user_id, each.kind.key) in mailed else None,
        }
        for each in news
        if each.user_id in told
    ]
    if rows:
        db.session.flush()
        execute_many(db.session.connection(), _APPEND, rows)
    if any(row["email_due_at"] for row in rows):
        after_commit(nudge, "mail_notifications")
    return len(rows)


def mark_read(notification: Notification) -> None:
    """The user has seen it. Twice is once."""
    notification.read_at = notification.read_at or clock.now()
    db.session.flush()


def mark_all_read(user: User) -> int:
    """The user has seen everything; how many were new."""
    unread = sa.update(Notification).where(Notification.user_id == user.id, Notification.read_at.is_(None))
    done = db.session.execute(unread.values(read_at=clock.now()), execution_options={"synchronize_session": False})
    return done.rowcount


def choose_emails(user: User, wanted: Mapping[str, bool]) -> None:
    """Keep which kinds the user wants by email."""
    known = [each.key for each in KINDS if each.key in wanted]
    mine = sa.delete(NotificationChoice).where(NotificationChoice.user_id == user.id)
    db.session.execute(mine.where(NotificationChoice.kind.in_(known)))
    db.session.add_all(NotificationChoice(user_id=user.id, kind=key, by_email=wanted[key]) for key in known)
    db.session.flush()


def _enabled(user_ids: Collection[int]) -> set[int]:
    return set(db.session.scalars(sa.select(User.id).where(User.id.in_(user_ids), User.is_enabled)))


def _wanted_by_email(user_ids: Collection[int], kinds: Collection[Kind]) -> set[tuple[int, str]]:
    """The pairs of user and kind that go out by email too."""
    chosen = sa.select(NotificationChoice.user_id, NotificationChoice.kind, NotificationChoice.by_email)
    rows = db.session.execute(chosen.where(NotificationChoice.user_id.in_(user_ids)))
    said = {(user_id, kind): by_email for user_id, kind, by_email in rows}
    pairs = [(user_id, each) for user_id in user_ids for each in kinds]
    return {(user_id, each.key) for user_id, each in pairs if said.get((user_id, each.key), each.is_emailed)}
