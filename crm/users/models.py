"""Accounts, teams, sessions and API tokens. Only hashes of secrets are kept."""

from __future__ import annotations

import hashlib
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.activity.vocabulary import Actor
from crm.database import Identified, Model, Timestamped, reference
from crm.lib import clock
from crm.users.roles import ROLE_LABELS, ROLES, SEES_ASSIGNED_ONLY


class User(Identified, Timestamped, Model):
    """A member of staff."""

    __tablename__ = "users"

    email: Mapped[str] = mapped_column(sa.String(255), unique=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    password_hash: Mapped[str] = mapped_column(sa.String(255))
    has_initial_password: Mapped[bool] = mapped_column(default=False)
    role: Mapped[str] = mapped_column(sa.String(50))
    is_enabled: Mapped[bool] = mapped_column(default=True)
    timezone: Mapped[str] = mapped_column(sa.String(64), default="UTC")
    theme: Mapped[str] = mapped_column(sa.String(8), default="auto")

    session_token = ""
    session_id = 0
    """The token and id of the session that asks, when this user was loaded for one."""

    is_authenticated = True
    is_anonymous = False

    @property
    def is_active(self) -> bool:
        return self.is_enabled

    @property
    def role_label(self) -> str:
        return ROLE_LABELS.get(self.role, self.role)

    @property
    def actor(self) -> Actor:
        return Actor(name=self.name, user_id=self.id)

    @property
    def sees_assigned_only(self) -> bool:
        """Whether this user's view of contacts ends at those assigned to them."""
        return self.role in SEES_ASSIGNED_ONLY

    def can(self, permission: str) -> bool:
        """Whether the user's role grants the permission."""
        return permission in ROLES.get(self.role, ())

    def get_id(self) -> str:
        """What Flask-Login keeps in the cookie: the session's token, so that ending the session ends the cookie."""
        return self.session_token


BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)
"""What user agents contain, the more telling word first."""


class UserSession(Identified, Model):
    """A sign-in that is still open. The cookie holds a random token, this row its SHA-256."""

    __tablename__ = "user_sessions"

    user_id: Mapped[int] = reference("users.id", on_delete="CASCADE", index=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_seen_at: Mapped[datetime] = mapped_column(default=clock.now)
    ip_address: Mapped[str] = mapped_column(sa.String(45), default="")
    user_agent: Mapped[str] = mapped_column(sa.String(255), default="")

    user: Mapped[User] = relationship()

    @property
    def device(self) -> str:
        """The browser and system, as far as the browser said."""
        browser = next((name for mark, name in BROWSERS if mark in self.user_agent), "Another browser")
        system = next((name for mark, name in SYSTEMS if mark in self.user_agent), "")
        return f"{browser} on {system}" if system else browser


class ApiToken(Identified, Model):
    """A key for programs, with its owner's permissions."""

    __tablename__ = "api_tokens"

    user_id: Mapped[int] = reference("users.id", on_delete="CASCADE", index=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_used_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()


class Team(Identified, Timestamped, Model):
    """People who look after contacts together."""

    __tablename__ = "teams"

    name: Mapped[str] = mapped_column(sa.String(80), unique=True)

    members: Mapped[list[User]] = relationship(secondary="team_members", order_by=User.name)


class TeamMember(Model):
    """Somebody is in a team."""

    __tablename__ = "team_members"

    team_id: Mapped[int] = reference("teams.id", on_delete="CASCADE", primary_key=True)
    user_id: Mapped[int] = reference("users.id", on_delete="CASCADE", primary_key=True, index=True)


def digest(token: str) -> str:
    """What is stored of a random token."""
    return hashlib.sha256(token.encode()).hexdigest()
