"""A person's reply lands on the timeline and tells the owner. It stops nothing by itself; an automatic one does nothing at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crm.activity.operations import emit_dated
from crm.activity.vocabulary import Activity, Actor, EmailReplied
from crm.bounces.incoming import Reply
from crm.bounces.models import MailReport
from crm.bounces.reply_text import own_words
from crm.contacts.models import Contact
from crm.database import db, insert_new, table_of
from crm.email.models import EmailMessage
from crm.notifications.kinds import EMAIL_REPLIED
from crm.notifications.operations import News, notify_all

reports = table_of(MailReport)


def take_replies(replies: Sequence[Reply], now: datetime) -> int:
    """Keep these replies, each once; how many people's were new."""
    about = _messages({name for each in replies for name in each.names})
    matched = [
        (each, found)
        for each in replies
        if (found := next((about[name] for name in each.names[::-1] if name in about), None))
    ]
    rows = {f"reply:{reply.event_id}"[:200]: _row(reply, message, now) for reply, message in matched}
    new = set(insert_new(reports, list(rows.values()), returning=reports.c.event_id))
    fresh = [pair for pair in matched if f"reply:{pair[0].event_id}"[:200] in new and not pair[0].is_automatic]
    facts = [(_fact(reply, message), reply.at) for reply, message in fresh if message.contact_id]
    emit_dated(facts)
    notify_all([_news(reply, message) for reply, message in fresh if message.owner_id])
    return len(fresh)


def _messages(names: set[str]) -> dict[str, sa.Row[Any]]:
    wanted, found = sorted(names), {}
    for start in range(0, len(wanted), 500):
        some = (
            sa.select(
                EmailMessage.id,
                EmailMessage.message_id,
                EmailMessage.contact_id,
                EmailMessage.subject,
                EmailMessage.purpose,
                EmailMessage.template_id,
                EmailMessage.depth,
                EmailMessage.to_address,
                Contact.owner_id,
                Contact.first_name,
                Contact.last_name,
            )  # fmt: skip
            .outerjoin(Contact, Contact.id == EmailMessage.contact_id)
            .where(EmailMessage.message_id.in_(wanted[start : start + 500]))
        )
        found |= {row.message_id: row for row in db.session.execute(some)}
    return found


def _row(reply: Reply, message: sa.Row[Any], now: datetime) -> dict[str, object]:
    return {
        "source": "imap", "event_id": f"reply:{reply.event_id}"[:200], "kind": "auto" if reply.is_automatic else "reply",
        "address": reply.sender, "email_message_id": message.id, "reason": reply.subject, "digest": None,
        "happened_at": reply.at, "received_at": now, "applied_at": now,
    }  # fmt: skip


def _fact(reply: Reply, message: sa.Row[Any]) -> Activity:
    words = own_words(reply.text) or "(without words of its own)"
    if reply.sender and reply.sender != (message.to_address or "").lower():
        words = f"From {reply.sender}\n\n{words}"
    return EmailReplied(
        contact_id=message.contact_id, subject_id=message.id, subject=reply.subject or message.subject or "", purpose=message.purpose,
        template_id=message.template_id, text=words, by=Actor(name="the contact", depth=message.depth),
    )  # fmt: skip


def _news(reply: Reply, message: sa.Row[Any]) -> News:
    name = f"{message.first_name or ''} {message.last_name or ''}".strip() or message.to_address or "Somebody"
    words = " ".join(own_words(reply.text).split())[:200]
    return News(
        message.owner_id, EMAIL_REPLIED, f"{name} answered your email", words, f"/contacts/{message.contact_id}"
    )
