"""What staff were told, as emails to those who want them that way."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import current_app

from crm.database import after_commit, claim, db, table_of
from crm.email.models import EmailMessage
from crm.email.operations import ensure_content
from crm.email.values import school_values
from crm.notifications.models import Notification
from crm.queue import nudge
from crm.users.models import User

BATCH = 200
SUBJECT = "{{ notification.title }}"
BODY = "**{{ notification.title }}**\n\n{{ notification.message }}\n\n[Open it]({{ notification.url }})"
_told = table_of(Notification)


def queue_mails(now: datetime) -> int:
    """Claim notifications that are to be mailed and queue their emails; how many were taken. In one transaction: each is mailed once."""
    found = sa.and_(_told.c.email_due_at.is_not(None), _told.c.email_due_at <= now)
    rows = claim(_told, found, {"email_due_at": None}, order_by=_told.c.email_due_at, limit=BATCH)
    if not rows:
        return 0
    wanted = sa.select(User.id, User.email).where(User.id.in_({row.user_id for row in rows}), User.is_enabled)
    addresses = dict(db.session.execute(wanted).all())
    content = ensure_content(SUBJECT, BODY, format="system")
    unread = [row for row in rows if row.user_id in addresses and row.read_at is None]
    db.session.add_all(
        _message(row, addresses[row.user_id], content.id) for row in sorted(unread, key=lambda row: row.id)
    )
    db.session.flush()
    after_commit(nudge, "deliver")
    return len(rows)


def _message(row: sa.Row[Any], address: str, content_id: int) -> EmailMessage:
    told = {"title": row.title, "message": row.message or None, "url": f"{_base()}{row.action_url or '/notifications'}"}
    return EmailMessage(
        contact_id=None, content_id=content_id, purpose="notification", parent_id=row.id, to_address=address,
        merge_values={"notification": told, "school": school_values()}, actor="Cohort", is_marketing=False,
    )  # fmt: skip


def _base() -> str:
    return current_app.config["PUBLIC_URL"].rstrip("/")
