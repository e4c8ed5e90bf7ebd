"""Accounts and sign-ins."""

from __future__ import annotations

import hashlib
import secrets

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from flask import current_app

from crm.database import db
from crm.users.models import ApiToken, User, UserSession

PASSWORD_LENGTHS = (8, 200)


def create_user(email: str, name: str, role: str, password: str, timezone: str = "UTC") -> User:
    """A new account. The address must be free."""
    user = User(
        email=email.strip().lower(), name=name, role=role, timezone=timezone, password_hash=hash_password(password)
    )
    db.session.add(user)
    db.session.flush()
    return user


def authenticate(email: str, password: str) -> User | None:
    """The enabled user with this address and password. Takes the same time whether or not the address is known."""
    user = db.session.scalar(sa.select(User).where(User.email == email.strip().lower(), User.is_enabled))
    stored = user.password_hash if user else _decoy()
    return user if _is_right(stored, password) and user else None


def set_password(user: User, password: str) -> None:
    """Change the password and end every session the user has open."""
    user.password_hash = hash_password(password)
    end_sessions(user)


def open_session(user: User, ip_address: str = "", user_agent: str = "") -> str:
    """Sign the user in; the returned token, kept nowhere else, is what the cookie carries."""
    token = secrets.token_urlsafe(32)
    db.session.add(
        UserSession(user_id=user.id, token_hash=digest(token), ip_address=ip_address[:45], user_agent=user_agent[:255])
    )
    return token


def end_session(token: str) -> None:
    """Sign out. Ending an ended session changes nothing."""
    db.session.execute(sa.delete(UserSession).where(UserSession.token_hash == digest(token)))


def end_sessions(user: User) -> None:
    """Sign the user out everywhere."""
    db.session.execute(sa.delete(UserSession).where(UserSession.user_id == user.id))


def add_token(user: User, name: str) -> str:
    """A new API token for the user, readable only in this answer."""
    token = "cohort_" + secrets.token_urlsafe(32)
    db.session.add(ApiToken(user_id=user.id, name=name, token_hash=digest(token)))
    return token


def digest(token: str) -> str:
    """What is stored of a random token."""
    return hashlib.sha256(token.encode()).hexdigest()


def hash_password(password: str) -> str:
    """The argon2id hash of a password."""
    return _hasher().hash(password)


def _is_right(stored: str, password: str) -> bool:
    try:
        return _hasher().verify(stored, password)
    except (Argon2Error, InvalidHashError):
        return False


def _hasher() -> PasswordHasher:
    return PasswordHasher(**current_app.config.get("ARGON2", {}))


def _decoy() -> str:
    """A hash to check against when there is no such user, made once per process."""
    extensions = current_app.extensions
    if "password_decoy" not in extensions:
        extensions["password_decoy"] = hash_password(secrets.token_urlsafe(16))
    return extensions["password_decoy"]
