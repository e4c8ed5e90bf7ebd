"""Writing emails into the ledger, and the decisions people take about them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from crm.activity.operations import emit_all
from crm.activity.vocabulary import Actor, EmailSent
from crm.database import after_commit, db, insert_new, table_of
from crm.email.compose import composed
from crm.email.models import EmailContent, EmailLink, EmailMessage
from crm.lib import clock
from crm.lib.merge_tags import MergeError
from crm.queue import nudge

_messages = table_of(EmailMessage)
PURPOSES = {
    "broadcast": "Broadcast",
    "workflow": "Workflow",
    "test": "Test",
    "notification": "Notification",
    "confirmation": "Confirmation",
    "invitation": "Invitation",
    "password_reset": "Password reset",
}


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
    kind: str | None = None
    """A kind of `preferences.kinds`; None is marketing or transactional, as `is_marketing` says."""
    topic_id: int | None = None
    actor: str = ""
    depth: int = 0
    lane_id: int = 0
    sender_id: int | None = None


def queue_emails(emails: Sequence[NewEmail]) -> list[int]:
    """Queue all these messages at once; the ids of those that are new. A message that is there already stays as it is."""
    now = clock.now()
    start = {"status": "pending", "due_at": now, "created_at": now, "attempts": 0, "fence": 0}
    new = insert_new(table_of(EmailMessage), [{**asdict(each), **start} for each in emails])
    if new:
        after_commit(nudge, "deliver")
    return new


def queue_test(
    content: EmailContent,
    template_id: int | None,
    to_address: str,
    values: dict[str, Any],
    sender_id: int | None = None,
) -> EmailMessage:
    """Queue one email to an address of ours, with somebody's values. It belongs to no contact and counts nowhere."""
    message = EmailMessage(
        contact_id=None, content_id=content.id, template_id=template_id, purpose="test", parent_id=template_id or 0,
        to_address=to_address, merge_values=values, actor="Test", is_marketing=False, sender_id=sender_id,
    )  # fmt: skip
    db.session.add(message)
    db.session.flush()
    after_commit(nudge, "deliver")
    return message


def ensure_content(subject: str, body: str, preheader: str = "", format: str = "markdown") -> EmailContent:  # noqa: A002
    """The content with these words and its links; made when there is none."""
    digest = hashlib.sha256("\0".join((format, subject, preheader, body)).encode()).hexdigest()
    content = db.session.scalar(sa.select(EmailContent).where(EmailContent.digest == digest))
    if content is not None:
        return content
    content = EmailContent(digest=digest, subject=subject, preheader=preheader, body=body, format=format)
    db.session.add(content)
    db.session.flush()
    links = [{"content_id": content.id, "position": at, "url": url} for at, url in enumerate(_links(content))]
    if links:
        db.session.execute(sa.insert(EmailLink), links)
    return content


def mark_arrived(message: EmailMessage, by: Actor | None = None) -> bool:
    """A message whose end was unknown did arrive: a person says so, or it was opened. Whether that was news."""
    return _one(message, lambda which: decide_arrived(which, by))


def send_again(message: EmailMessage, by: Actor) -> bool:
    """Send a message whose end was unknown once more. A person may decide that once; whether it was so."""
    return _one(message, lambda which: decide_again(which, by))


def mark_lost(message: EmailMessage, by: Actor) -> bool:
    """A message whose end was unknown did not arrive, and is given up; whether it was so."""
    return _one(message, lambda which: decide_lost(which, by))


def decide_arrived(which: sa.ColumnElement[bool], by: Actor | None) -> int:
    """All of these whose end is unknown did arrive; how many."""
    why = f"{by.name} said that it arrived." if by else "It was opened."
    sent_at = sa.func.coalesce(_messages.c.sent_at, _messages.c.dot_at, clock.now())
    rows = _decided(which, status="sent", reason=why, sent_at=sent_at)
    emit_all([sent_activity(each, each.subject or "") for each in rows if each.contact_id is not None])
    return len(rows)


def decide_again(which: sa.ColumnElement[bool], by: Actor) -> int:
    """Send all of these whose end is unknown once more, but for those that were already; how many."""
    now, once = clock.now(), sa.and_(which, _messages.c.resent_at.is_(None))
    rows = _decided(once, status="pending", reason=f"{by.name} had it sent again.", due_at=now, resent_at=now)
    after_commit(nudge, "deliver")
    return len(rows)


def decide_lost(which: sa.ColumnElement[bool], by: Actor) -> int:
    """All of these whose end is unknown did not arrive, and are given up; how many."""
    return len(_decided(which, status="failed", reason=f"{by.name} said that it did not arrive."))


def _one(message: EmailMessage, decide: Callable[[sa.ColumnElement[bool]], int]) -> bool:
    done = decide(_messages.c.id == message.id) == 1
    db.session.refresh(message)
    return done


def _decided(which: sa.ColumnElement[bool], **values: Any) -> Sequence[sa.Row[Any]]:
    """Settle those whose end is unknown still, whatever came in meanwhile; those that were."""
    db.session.flush()
    settled = sa.update(_messages).where(which, _messages.c.status == "unknown").values(**values)
    return db.session.execute(settled.returning(*_messages.c)).all()


def cancel_message(message: EmailMessage, by: Actor) -> bool:
    """Do not send a message that still waits; whether it did. What is being sent cannot be called back."""
    waiting = sa.update(_messages).where(_messages.c.id == message.id, _messages.c.status == "pending")
    values = {"status": "cancelled", "reason": f"{by.name} cancelled it."[:255], "lease_until": None}
    was_waiting = db.session.execute(waiting.values(values)).rowcount == 1
    db.session.refresh(message)
    return was_waiting


def sent_activity(message: Any, subject: str) -> EmailSent:
    """The fact that a message (a row or anything with its columns) was sent."""
    return EmailSent(
        contact_id=message.contact_id,
        subject_id=message.id,
        subject=subject,
        purpose=message.purpose,
        template_id=message.template_id,
        by=_actor(message.actor, message.depth),
    )


@lru_cache(maxsize=256)
def _actor(name: str, depth: int) -> Actor:
    return Actor(name=name, depth=depth)


def _links(content: EmailContent) -> tuple[str, ...]:
    try:
        return composed(content.format, content.subject, content.preheader, content.body).links
    except MergeError:
        return ()
