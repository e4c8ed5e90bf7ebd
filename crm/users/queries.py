"""Questions about people."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager

from crm.database import db
from crm.users.models import ApiToken, Team, User, UserSession, digest


def open_session(token: str, idle_since: datetime, began_after: datetime) -> UserSession | None:
    """The sign-in with this token, of an enabled user, used since `idle_since` and begun after `began_after`."""
    found = (
        sa.select(UserSession)
        .join(UserSession.user)
        .options(contains_eager(UserSession.user))
        .where(UserSession.token_hash == digest(token), User.is_enabled)
        .where(UserSession.last_seen_at >= idle_since, UserSession.created_at >= began_after)
    )
    return db.session.scalar(found)


def sessions_of(user: User, idle_since: datetime, began_after: datetime) -> list[UserSession]:
    """Where the user is signed in, latest use first."""
    found = sa.select(UserSession).where(UserSession.user_id == user.id, UserSession.last_seen_at >= idle_since)
    found = found.where(UserSession.created_at >= began_after).order_by(UserSession.last_seen_at.desc())
    return list(db.session.scalars(found))


def api_token(token: str) -> ApiToken | None:
    """The API token of an enabled user."""
    found = (
        sa.select(ApiToken)
        .join(ApiToken.user)
        .options(contains_eager(ApiToken.user))
        .where(ApiToken.token_hash == digest(token), User.is_enabled)
    )
    return db.session.scalar(found)


def tokens_of(user: User) -> list[ApiToken]:
    """The user's API tokens, newest first."""
    found = (
        sa.select(ApiToken).where(ApiToken.user_id == user.id).order_by(ApiToken.created_at.desc(), ApiToken.id.desc())
    )
    return list(db.session.scalars(found))


def user_of_token(token: str) -> User | None:
    """The enabled user whose API token this is."""
    found = api_token(token)
    return found.user if found else None


def user_by_email(email: str) -> User | None:
    """The account with this address, enabled or not, however the address is written."""
    return db.session.scalar(sa.select(User).where(User.email == email.strip().lower()))


def is_fresh() -> bool:
    """Whether nobody has an account yet."""
    return db.session.scalar(sa.select(User.id).limit(1)) is None


def users_by_name() -> list[User]:
    """Everyone with an enabled account."""
    return list(db.session.scalars(sa.select(User).where(User.is_enabled).order_by(User.name)))


def teams_by_name() -> list[Team]:
    """Every team."""
    return list(db.session.scalars(sa.select(Team).order_by(sa.func.lower(Team.name), Team.id)))


def everyone() -> list[User]:
    """Every account, those that may sign in first, by name."""
    return list(db.session.scalars(sa.select(User).order_by(User.is_enabled.desc(), sa.func.lower(User.name), User.id)))


def last_seen() -> dict[int, datetime]:
    """When each user with an open sign-in was last here, by user id."""
    found = sa.select(UserSession.user_id, sa.func.max(UserSession.last_seen_at, type_=UserSession.last_seen_at.type))
    return dict(db.session.execute(found.group_by(UserSession.user_id)).all())


def is_last_admin(user: User) -> bool:
    """Whether nobody else may manage people. Locks the administrators' rows until the transaction ends."""
    admins = sa.select(User.id).where(User.role == "crm_admin", User.is_enabled).with_for_update()
    return set(db.session.scalars(admins)) == {user.id}
