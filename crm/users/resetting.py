"""A forgotten password: a link that is good once and for an hour."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from crm.database import after_commit, db
from crm.lib import clock
from crm.queue import nudge
from crm.users import queries
from crm.users.entering import PasswordReset
from crm.users.models import User
from crm.users.operations import set_password

LASTS = timedelta(hours=1)
KEPT = timedelta(days=30)


def ask(email: str) -> None:
    """Have a link sent, if the address has an account. If it has none the same rows are touched, so that it takes as long."""
    user = queries.user_by_email(email)
    user_id = user.id if user and user.is_enabled else None
    now = clock.now()
    _end_links(user_id)
    db.session.add(PasswordReset(user_id=user_id, expires_at=now + LASTS, email_due_at=now))
    db.session.flush()
    after_commit(nudge, "mail_accounts")


def complete(reset: PasswordReset, password: str) -> User:
    """Set the new password, end every sign-in, and let no other link count."""
    user = db.session.get_one(User, reset.user_id)
    set_password(user, password)
    _end_links(user.id)
    db.session.refresh(reset)
    return user


def forget_links() -> int:
    """Remove resets of more than a month ago; how many."""
    old = sa.delete(PasswordReset).where(PasswordReset.created_at < clock.now() - KEPT)
    return db.session.execute(old).rowcount


def _end_links(user_id: int | None) -> None:
    open_ones = sa.update(PasswordReset).where(PasswordReset.user_id == (user_id or 0), PasswordReset.used_at.is_(None))
    db.session.execute(open_ones.values(used_at=clock.now(), email_due_at=None))
