"""Questions about opt-outs and topics."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import sqlalchemy as sa

from crm.database import db
from crm.lib.mail_names import spellings
from crm.preferences.models import EmailUnsubscribe, Topic

REASONS = {
    "too_many": "Too many emails",
    "not_relevant": "Not what I am interested in",
    "never_asked": "I never asked for them",
    "no_longer": "I am no longer learning here",
    "other": "Another reason",
}
"""What the unsubscribe page offers."""


def in_force(email: str) -> EmailUnsubscribe | None:
    """The opt-out that holds for this address now."""
    open_ones = sa.select(EmailUnsubscribe).where(
        EmailUnsubscribe.email.in_(spellings(email)), EmailUnsubscribe.resubscribed_at.is_(None)
    )
    return db.session.scalar(open_ones.order_by(EmailUnsubscribe.id.desc()).limit(1))


def unsubscribed_among(emails: Collection[str]) -> set[str]:
    """Those of these addresses (lower case) that want no marketing email."""
    wanted = {spelling: each.lower() for each in emails for spelling in spellings(each)}
    found = sa.select(EmailUnsubscribe.email).where(
        EmailUnsubscribe.email.in_(wanted), EmailUnsubscribe.resubscribed_at.is_(None)
    )
    return {wanted[each] for each in db.session.scalars(found)} if wanted else set()


def topics() -> Sequence[Topic]:
    """Every topic by name."""
    return db.session.scalars(sa.select(Topic).order_by(sa.func.lower(Topic.name), Topic.id)).all()


def topic_by_ref(ref: int | str) -> Topic | None:
    """The topic with this slug or id."""
    found = db.session.scalar(sa.select(Topic).where(Topic.slug == str(ref)))
    number = int(ref) if str(ref).isascii() and str(ref).isdigit() and len(str(ref)) < 18 else 0
    return found or (db.session.get(Topic, number) if number else None)
