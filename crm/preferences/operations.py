"""Leaving the school's emails, and coming back. Doing either twice changes nothing."""

from __future__ import annotations

import sqlalchemy as sa

from crm.activity.operations import emit
from crm.activity.vocabulary import Actor, EmailResubscribed, EmailUnsubscribed
from crm.contacts.models import Contact
from crm.database import db
from crm.lib import clock
from crm.lib.mail_names import spellings
from crm.preferences import proof
from crm.preferences.models import EmailUnsubscribe
from crm.preferences.proof import Source
from crm.preferences.queries import in_force


def unsubscribe(
    contact: Contact,
    email: str,
    by: Actor,
    *,
    reason: str = "",
    feedback: str = "",
    message_id: int | None = None,
    source: Source | None = None,
) -> bool:
    """Send no more marketing email to this address; whether that was new. A reason given later is kept with it."""
    row = in_force(email)
    is_new = row is None
    if row is None:
        row = EmailUnsubscribe(contact_id=contact.id, email=email.lower(), email_message_id=message_id)
        db.session.add(row)
    row.reason = reason[:100] or row.reason
    row.feedback = feedback[:5000] or row.feedback
    db.session.flush()
    if is_new:
        _prove(contact, email, False, source or Source(_way_of(by), by, reason))
        emit(EmailUnsubscribed(contact_id=contact.id, reason=row.reason or "", by=by))
    return is_new


def resubscribe(contact: Contact, email: str, by: Actor, *, source: Source | None = None) -> bool:
    """Take the opt-out of this address back; whether there was one."""
    left = sa.update(EmailUnsubscribe).where(
        EmailUnsubscribe.email.in_(spellings(email)), EmailUnsubscribe.resubscribed_at.is_(None)
    )
    ended = db.session.execute(left.values(resubscribed_at=clock.now())).rowcount
    if ended:
        _prove(contact, email, True, source or Source(_way_of(by), by))
        emit(EmailResubscribed(contact_id=contact.id, by=by))
    return bool(ended)


def _prove(contact: Contact, email: str, is_on: bool, source: Source) -> None:
    proof.keep(contact.id, email.lower(), {"subscription": is_on}, source)


def _way_of(by: Actor) -> str:
    return "staff" if by.user_id else "page"
