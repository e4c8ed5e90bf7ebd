"""What leads in: invitations, password resets, recovery codes; the history of tries to sign in, and photos."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.database import Identified, Model, Numbered, reference
from crm.lib import clock
from crm.users.models import User, device_of

OUTCOMES = {
    "in": "Signed in",
    "password": "Wrong password",
    "code": "Wrong code",
    "disabled": "No access",
    "expired": "Initial password expired",
}
"""How a try to sign in ends."""


class SignIn(Identified, Model):
    """A try to sign in and how it ended. Of an address without an account there is no user, and the address is not kept."""

    __tablename__ = "sign_ins"

    user_id: Mapped[int | None] = reference("users.id", on_delete="CASCADE")
    happened_at: Mapped[datetime] = mapped_column(default=clock.now)
    outcome: Mapped[str] = mapped_column(sa.String(10))
    ip_address: Mapped[str] = mapped_column(sa.String(45), default="")
    user_agent: Mapped[str] = mapped_column(sa.String(255), default="")

    user: Mapped[User | None] = relationship()

    __table_args__ = (
        sa.Index("ix_sign_ins_user_id", "user_id", "id"),
        sa.Index("ix_sign_ins_happened_at", "happened_at"),
    )

    @property
    def device(self) -> str:
        return device_of(self.user_agent)

    @property
    def words(self) -> str:
        return OUTCOMES.get(self.outcome, self.outcome)


class RecoveryCode(Identified, Model):
    """A code for when the authenticator is lost; good once. `start` finds it, the argon2 hash of the whole proves it."""

    __tablename__ = "recovery_codes"

    user_id: Mapped[int] = reference("users.id", on_delete="CASCADE", index=True)
    start: Mapped[str] = mapped_column(sa.String(4))
    code_hash: Mapped[str] = mapped_column(sa.String(255))


class Photo(Model):
    """The picture of a user as it is served: 256 pixels square, WebP."""

    __tablename__ = "user_photos"

    user_id: Mapped[int] = reference("users.id", on_delete="CASCADE", primary_key=True)
    data: Mapped[bytes] = mapped_column(sa.LargeBinary)


def _nonce() -> int:
    return secrets.randbits(62)


class MailedLink:
    """Something a link in an email stands for. The link is signed from id and nonce, so it is kept nowhere, and another nonce ends it."""

    nonce: Mapped[int] = mapped_column(sa.BigInteger, default=_nonce)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    email_due_at: Mapped[datetime | None]
    """Set until it was handed to email."""

    def is_good(self, now: datetime) -> bool:
        """Whether the link still counts."""
        return self.used_at is None and self.expires_at > now

    def renew(self, now: datetime, lasts: timedelta) -> None:
        """Another link from now on; the one before counts no more."""
        self.nonce, self.expires_at = _nonce(), now + lasts


class Invitation(Numbered, MailedLink, Model):
    """Somebody is asked to join the staff. Used: they did."""

    __tablename__ = "invitations"

    email: Mapped[str] = mapped_column(sa.String(255), unique=True)
    name: Mapped[str] = mapped_column(sa.String(120), default="")
    role: Mapped[str] = mapped_column(sa.String(50))
    timezone: Mapped[str] = mapped_column(sa.String(64), default="UTC")
    invited_by: Mapped[int | None] = reference("users.id", on_delete="SET NULL")

    by: Mapped[User | None] = relationship()

    __table_args__ = (sa.Index("ix_invitations_email_due_at", "email_due_at"),)


class PasswordReset(Numbered, MailedLink, Model):
    """Somebody forgot a password. Without a user when the address has no account: nothing is sent, and it takes as long."""

    __tablename__ = "password_resets"

    user_id: Mapped[int | None] = reference("users.id", on_delete="CASCADE", index=True)

    user: Mapped[User | None] = relationship()

    __table_args__ = (sa.Index("ix_password_resets_email_due_at", "email_due_at"),)
