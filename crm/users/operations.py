"""Accounts, sign-ins and API tokens."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from email_validator import EmailNotValidError, validate_email

from crm.database import db
from crm.lib import clock
from crm.lib.clock import is_zone
from crm.users import queries, spare
from crm.users.entering import SignIn
from crm.users.models import ApiToken, Team, User, UserSession, digest
from crm.users.passwords import check_password, hash_password
from crm.users.roles import ROLES

SIGN_INS_KEPT = timedelta(days=180)


def create_user(
    email: str, name: str, role: str, password: str, timezone: str = "UTC", *, is_initial: bool = False
) -> User:
    """A new account. The address must be free. An initial password has to be replaced at the first sign-in."""
    user = User(
        email=email.strip().lower(),
        name=name.strip(),
        role=role,
        timezone=timezone,
        password_hash=hash_password(password),
        has_initial_password=is_initial,
    )
    db.session.add(user)
    db.session.flush()
    return user


def check_new_user(email: str, name: str, role: str, password: str, timezone: str = "UTC") -> None:
    """Raise ValueError, in words for the person who typed them, if these make no account."""
    check_email(email)
    check_name(name)
    check_role(role)
    check_password(password, email, name)
    check_timezone(timezone)


def check_email(email: str) -> None:
    """Raise ValueError for what is no address, or one that already has an account."""
    try:
        validate_email(email.strip(), check_deliverability=False, globally_deliverable=False, test_environment=True)
    except EmailNotValidError:
        raise ValueError(f"“{email.strip()}” is no email address. Write it like ada@school.example.") from None
    if len(email.strip()) > 255:
        raise ValueError("This address is too long.")
    if queries.user_by_email(email):
        raise ValueError(f"{email.strip().lower()} already has an account.")


def check_name(name: str) -> None:
    """Raise ValueError for an empty or overlong name."""
    if not name.strip():
        raise ValueError("A name is needed.")
    if len(name.strip()) > 120:
        raise ValueError("A name may have up to 120 characters.")


def check_role(role: str) -> None:
    """Raise ValueError for a role that does not exist."""
    if role not in ROLES and not queries.role(role):
        raise ValueError(f"“{role}” is no role. The roles are {', '.join(queries.role_labels())}.")


def check_timezone(name: str) -> None:
    """Raise ValueError for what is no time zone."""
    if not is_zone(name):
        raise ValueError(f"“{name}” is no time zone. Choose one such as Europe/Berlin.")


def set_password(user: User, password: str, *, is_initial: bool = False) -> None:
    """Change the password and end every session the user has open."""
    user.password_hash = hash_password(password)
    user.has_initial_password, user.password_set_at = is_initial, clock.now()
    end_sessions(user)


def change_role(user: User, role: str) -> None:
    """Give the user another role and end their sign-ins. Raises ValueError if nobody would be left to manage people."""
    check_role(role)
    if role != "crm_admin" and queries.is_last_admin(user):
        raise ValueError(f"{user.name} is the only administrator. Make somebody else one first.")
    if role != user.role:
        user.role = role
        end_sessions(user)
        db.session.flush()
        db.session.expire(user, ["own_role"])


def check_not_own(user: User, by: User) -> None:
    """Raise ValueError when somebody is about to change their own role."""
    if user.id == by.id:
        raise ValueError("Nobody changes their own role. Ask another administrator.")


def disable(user: User) -> None:
    """Let the user in no more, and end what they have open and the reset they asked for. Raises ValueError if nobody would be left to manage people."""
    if queries.is_last_admin(user):
        raise ValueError(f"{user.name} is the only administrator. Make somebody else one first.")
    user.is_enabled = False
    end_sessions(user)


def enable(user: User) -> None:
    """Let the user in again."""
    user.is_enabled = True


def note_sign_in(user: User | None, outcome: str, ip_address: str, user_agent: str) -> None:
    """Keep that somebody tried to sign in, and how it ended. Of an address without an account only that."""
    db.session.add(
        SignIn(
            user_id=user.id if user else None,
            outcome=outcome,
            ip_address=ip_address[:45],
            user_agent=user_agent[:255],
        )
    )
    db.session.flush()


def forget_sign_ins() -> int:
    """Remove what is known of tries to sign in of more than half a year ago; how many."""
    return db.session.execute(sa.delete(SignIn).where(SignIn.happened_at < clock.now() - SIGN_INS_KEPT)).rowcount


def open_session(user: User, ip_address: str = "", user_agent: str = "") -> str:
    """Sign the user in; the returned token, kept nowhere else, is what the cookie carries."""
    token = new_session_token()
    db.session.add(
        UserSession(user_id=user.id, token_hash=digest(token), ip_address=ip_address[:45], user_agent=user_agent[:255])
    )
    return token


def new_session_token() -> str:
    """A token for a cookie, 256 bits."""
    return secrets.token_urlsafe(32)


def end_session(token: str) -> None:
    """Sign out. Ending an ended session changes nothing."""
    db.session.execute(sa.delete(UserSession).where(UserSession.token_hash == digest(token)))


def end_own_session(user: User, session_id: int) -> None:
    """End one of the user's own sessions; somebody else's is left alone."""
    db.session.execute(sa.delete(UserSession).where(UserSession.id == session_id, UserSession.user_id == user.id))


def end_sessions(user: User, but: int | None = None) -> None:
    """Sign the user out everywhere, or everywhere but in one session."""
    spare.end_all(user)
    ended = sa.delete(UserSession).where(UserSession.user_id == user.id)
    db.session.execute(ended if but is None else ended.where(UserSession.id != but))


def add_token(
    user: User, name: str, permissions: Collection[str] | None = None, expires_at: datetime | None = None
) -> str:
    """A new API token for the user, readable only in this answer; for some of their permissions, or all that they have at the time."""
    token = "cohort_" + secrets.token_urlsafe(32)
    kept = None if permissions is None else sorted(user.permissions.intersection(permissions))
    made = ApiToken(user_id=user.id, name=name, token_hash=digest(token), permissions=kept, expires_at=expires_at)
    db.session.add(made)
    return token


def end_token(token: ApiToken) -> None:
    """Let anybody's API token count no more."""
    db.session.delete(token)
    db.session.flush()


def end_own_token(user: User, token_id: int) -> None:
    """Let one of the user's own API tokens count no more; somebody else's is left alone."""
    db.session.execute(sa.delete(ApiToken).where(ApiToken.id == token_id, ApiToken.user_id == user.id))


def save_team(team: Team, name: str, member_ids: Sequence[int]) -> None:
    """Name the team and say who is in it. Raises ValueError, in words, for a name that cannot be or is taken."""
    name = " ".join(name.split())
    if not 0 < len(name) <= 80:
        raise ValueError("Give the team a name of up to 80 characters.")
    twin = db.session.scalar(sa.select(Team).where(sa.func.lower(Team.name) == name.lower()))
    if twin is not None and twin is not team:
        raise ValueError(f"There is already a team “{twin.name}”.")
    team.name = name
    team.members = list(db.session.scalars(sa.select(User).where(User.id.in_(member_ids)).order_by(User.name)))
    db.session.add(team)
    db.session.flush()


def delete_team(team: Team) -> None:
    """Remove the team; who belonged to it stays."""
    db.session.delete(team)
    db.session.flush()
