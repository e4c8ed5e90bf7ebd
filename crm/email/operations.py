"""Writing emails into the ledger."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import sqlalchemy as sa

from crm.database import after_commit, db, insert_new, table_of
from crm.email.models import EmailContent, EmailMessage
from crm.lib import clock
from crm.queue import nudge


@dataclass(frozen=True)
class NewEmail:
    """A message to be sent. One per (purpose, parent_id, contact_id, visit_no), ever."""

    contact_id: int
    content_id: int
    template_id: int | None = None
    purpose: str = "workflow"
    parent_id: int = 0
    visit_no: int = 0
    step_id: int | None = None
    is_marketing: bool = True
    actor: str = ""
    depth: int = 0


def queue_emails(emails: Sequence[NewEmail]) -> list[int]:
    """Queue all these messages at once; the ids of those that are new."""
    rows = [
        {
            **asdict(each),
            "status": "pending",
            "due_at": clock.now(),
            "created_at": clock.now(),
            "attempts": 0,
            "fence": 0,
        }
        for each in emails
    ]
    new = insert_new(table_of(EmailMessage), rows)
    after_commit(nudge, "deliver")
    return new


def ensure_content(subject: str, body: str, preheader: str = "", format: str = "markdown") -> EmailContent:
    """The content with these words; made when there is none."""
    digest = hashlib.sha256("\0".join((format, subject, preheader, body)).encode()).hexdigest()
    content = db.session.scalar(sa.select(EmailContent).where(EmailContent.digest == digest))
    if content is None:
        content = EmailContent(digest=digest, subject=subject, preheader=preheader, body=body, format=format)
        db.session.add(content)
        db.session.flush()
    return content
