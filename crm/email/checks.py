"""Emails that failed or whose end is not known, for the health page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import sqlalchemy as sa

from crm.database import db
from crm.email.models import EmailMessage
from crm.health.checks import Finding
from crm.lib import clock

SPAN = timedelta(hours=24)
FEW = 20
"""So many failed emails in a day are everyday life: addresses die."""
MOST = 10_000


def sends() -> Iterator[Finding]:
    """What became of emails in the last day."""
    unknown, failed = _count("unknown"), _count("failed")
    what = "Somebody has to decide whether to send them again." if unknown else ""
    yield Finding("unknown emails", not unknown, _words(unknown, "whose end is not known"), what, "messages.index")
    what = "Look at the reasons: the mail server may refuse what you send." if failed > FEW else ""
    yield Finding("failed emails", failed <= FEW, _words(failed, "failed"), what, "messages.index")


def _count(status: str) -> int:
    recent = EmailMessage.status == status, EmailMessage.due_at > clock.now() - SPAN
    return (
        db.session.scalar(sa.select(sa.func.count()).select_from(sa.select(1).where(*recent).limit(MOST).subquery()))
        or 0
    )


def _words(count: int, what: str) -> str:
    return f"{count:,} {what} in 24 hours" if count else f"none {what} in 24 hours"
