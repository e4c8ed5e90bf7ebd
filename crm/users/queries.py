"""Questions about people."""

from __future__ import annotations

import sqlalchemy as sa

from crm.database import db
from crm.users.models import User, UserSession
from crm.users.operations import digest


def user_of_session(token: str) -> User | None:
    """The enabled user whose open session this is."""
    found = sa.select(User).join(UserSession).where(UserSession.token_hash == digest(token), User.is_enabled)
    user = db.session.scalar(found)
    if user:
        user.session_token = token
    return user


def is_fresh() -> bool:
    """Whether nobody has an account yet."""
    return db.session.scalar(sa.select(User.id).limit(1)) is None


def users_by_name() -> list[User]:
    """Everyone with an enabled account."""
    return list(db.session.scalars(sa.select(User).where(User.is_enabled).order_by(User.name)))


def user_by_email(email: str) -> User | None:
    """The account with this address, enabled or not."""
    return db.session.scalar(sa.select(User).where(User.email == email.strip().lower()))
