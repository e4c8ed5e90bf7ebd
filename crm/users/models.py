"""Accounts, teams, sessions and API tokens. Only hashes of secrets are kept."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.activity.vocabulary import Actor
from crm.database import Identified, Model, Numbered, Timestamped, reference
from crm.lib import clock
from crm.users.roles import ALL, ROLE_LABELS, ROLES

INITIAL = timedelta(days=7)
"""How long an initial password lets somebody in to choose their own."""


class Role(Identified, Timestamped, Model):
    """A role the school made; or, under the key of one of the four, what the school chose about it. `reach` is whose contacts it sees."""

    __tablename__ = "roles"

    key: Mapped[str] = mapped_column(sa.String(50), unique=True)
    name: Mapped[str] = mapped_column(sa.String(60))
    permissions: Mapped[list[Any]] = mapped_column(default=list)
    reach: Mapped[str] = mapped_column(sa.String(4), default="all")
    needs_two_factor: Mapped[bool] = mapped_column(default=False)

    @property
    def is_ours(self) -> bool:
        """Whether the school made it."""
        return self.key not in ROLES


class User(Numbered, Timestamped, Model):
    """A member of staff."""

    __tablename__ = "users"

    email: Mapped[str] = mapped_column(sa.String(255), unique=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    password_hash: Mapped[str] = mapped_column(sa.String(255))
    has_initial_password: Mapped[bool] = mapped_column(default=False)
    password_set_at: Mapped[datetime | None] = mapped_column(default=clock.now)
    role: Mapped[str] = mapped_column(sa.String(50))
    is_enabled: Mapped[bool] = mapped_column(default=True)
    timezone: Mapped[str] = mapped_column(sa.String(64), default="UTC")
    theme: Mapped[str] = mapped_column(sa.String(8), default="auto")
    date_style: Mapped[str] = mapped_column(sa.String(8), default="")
    signature: Mapped[str] = mapped_column(sa.Text, default="")
    photo: Mapped[str] = mapped_column(sa.String(64), default="")
    """The digest of the photo, which is part of its address; empty without one."""
    two_factor_nonce: Mapped[int | None] = mapped_column(sa.BigInteger)
    """What the authenticator's secret is made from, together with the school's secret; none without two-factor."""
    two_factor_step: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    """The time step of the last code that was taken; no code of it or before it counts again."""
    two_factor_since: Mapped[datetime | None]

    own_role: Mapped[Role | None] = relationship(
        primaryjoin=lambda: sa.orm.foreign(User.role) == Role.key, viewonly=True, lazy="joined"
    )

    session_token = ""
    session_id = 0
    """The token and id of the session that asks, when this user was loaded for one."""
    limited_to = None
    """What the API token that asks is limited to, a set of permissions; None: all of the user's."""

    is_authenticated = True
    is_anonymous = False

    @property
    def is_active(self) -> bool:
        return self.is_enabled

    @property
    def role_label(self) -> str:
        return ROLE_LABELS.get(self.role) or (self.own_role.name if self.own_role else self.role)

    @property
    def actor(self) -> Actor:
        return Actor(name=self.name, user_id=self.id)

    @property
    def permissions(self) -> frozenset[str]:
        """All that the user may do; a role that is gone grants nothing."""
        held = ROLES.get(self.role)
        if held is None:
            held = ALL & frozenset(self.own_role.permissions if self.own_role else ())
        return held if self.limited_to is None else held & self.limited_to

    @property
    def reach(self) -> str:
        """Whose contacts the user sees: "all", "own", or "team" for their own and their teams'."""
        if self.role in ROLES and self.role != "crm_agent":
            return "all"
        return self.own_role.reach if self.own_role else "own"

    @property
    def sees_assigned_only(self) -> bool:
        """Whether this user's view of contacts ends at those assigned to them, or to their teams."""
        return self.reach != "all"

    @property
    def holds_everything(self) -> bool:
        """Whether nothing here is kept from this user: every permission, over all contacts."""
        return self.permissions == ALL and not self.sees_assigned_only

    def has_stale_password(self, now: datetime) -> bool:
        """Whether an initial password was never replaced and is too old to let anybody in."""
        return self.has_initial_password and self.password_set_at is not None and self.password_set_at < now - INITIAL

    @property
    def has_two_factor(self) -> bool:
        return self.two_factor_since is not None

    @property
    def lacks_two_factor(self) -> bool:
        """Whether the role asks for two-factor and it is not set up yet."""
        return not self.has_two_factor and self.own_role is not None and self.own_role.needs_two_factor

    def can(self, permission: str) -> bool:
        """Whether the user's role grants the permission."""
        return permission in self.permissions

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
        return device_of(self.user_agent)


def device_of(user_agent: str) -> str:
    """The browser and system, as far as the browser said."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "Another browser")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    return f"{browser} on {system}" if system else browser


class ApiToken(Identified, Model):
    """A key for programs, with its owner's permissions, or those of them in `permissions`."""

    __tablename__ = "api_tokens"

    user_id: Mapped[int] = reference("users.id", on_delete="CASCADE", index=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_used_at: Mapped[datetime | None]
    permissions: Mapped[list[Any] | None]
    """None: all of them."""
    expires_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()


class Team(Numbered, Timestamped, Model):
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
