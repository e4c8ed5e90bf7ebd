"""Asking somebody to join the staff, by a link that is good once and for a week."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from crm.database import after_commit, db
from crm.lib import clock
from crm.queue import nudge
from crm.users.entering import Invitation
from crm.users.granting import check_grant
from crm.users.links import is_mailed
from crm.users.models import User
from crm.users.operations import check_email, check_role, create_user

LASTS = timedelta(days=7)


def invite(email: str, name: str, role: str, timezone: str, by: User) -> Invitation:
    """Ask this address to join. Asked again, the words are the new ones and only the new link counts. Raises ValueError."""
    check_email(email)
    check_grant(by, role)
    address = email.strip().lower()
    invitation = db.session.scalar(sa.select(Invitation).where(Invitation.email == address)) or Invitation(
        email=address
    )
    invitation.name, invitation.role, invitation.timezone, invitation.invited_by = name.strip(), role, timezone, by.id
    invitation.used_at = None
    db.session.add(invitation)
    return send_again(invitation)


def send_again(invitation: Invitation) -> Invitation:
    """A new link for the same invitation, good for another week; the one before counts no more."""
    now = clock.now()
    invitation.renew(now, LASTS)
    invitation.email_due_at = now if is_mailed() else None
    db.session.flush()
    after_commit(nudge, "mail_accounts")
    return invitation


def revoke(invitation: Invitation) -> None:
    """Take the invitation back."""
    db.session.delete(invitation)
    db.session.flush()


def accept(invitation: Invitation, name: str, password: str) -> User:
    """Make the account. Raises ValueError when there is one by now, or the role is gone."""
    check_email(invitation.email)
    check_role(invitation.role)
    user = create_user(invitation.email, name, invitation.role, password, invitation.timezone)
    invitation.used_at, invitation.email_due_at = clock.now(), None
    db.session.flush()
    return user
