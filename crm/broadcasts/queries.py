"""Questions about broadcasts: the list, one by reference, and its recipients as far as the viewer may see them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import url_for
from sqlalchemy.orm import selectinload

from crm.broadcasts.models import PURPOSE, Broadcast
from crm.conditions.mentions import Mentioned, Use
from crm.contacts.models import Contact
from crm.contacts.queries import scope
from crm.database import db, table_of
from crm.email.models import EmailMessage
from crm.lib.keyset import Order, Page, page, read_cursor
from crm.users.models import User

PAGE = 50
GROUPS = {
    "drafts": ("Drafts", ("draft", "missed")), "scheduled": ("Scheduled", ("scheduled",)),
    "under_way": ("Under way", ("launching", "sending", "paused")), "sent": ("Sent", ("finished", "cancelled")),
}  # fmt: skip
ANSWERS = {
    "opened": ("Opened", EmailMessage.opened_at.is_not(None)), "clicked": ("Clicked", EmailMessage.clicked_at.is_not(None)),
    "not_opened": ("Did not open", sa.and_(EmailMessage.sent_at.is_not(None), EmailMessage.opened_at.is_(None))),
    "bounced": ("Bounced", EmailMessage.bounced_at.is_not(None)), "left": ("Unsubscribed", EmailMessage.unsubscribed_at.is_not(None)),
}  # fmt: skip
"""What recipients can be narrowed to, besides their state."""


def broadcast_page(group: str, text: str, cursor: str | None) -> Page:
    """One page of broadcasts, newest first."""
    table = table_of(Broadcast)
    order = Order(table.c.id, table.c.id, is_descending=True)
    statement = sa.select(table).where(*(table.c.name.icontains(word, autoescape=True) for word in text.split()[:10]))
    if group in GROUPS:
        statement = statement.where(table.c.status.in_(GROUPS[group][1]))
    return page(statement, order, read_cursor(cursor, order), lambda each: db.session.execute(each).all(), PAGE)


def group_counts() -> dict[str, int]:
    """How many broadcasts each tab holds."""
    rows = dict(db.session.execute(sa.select(Broadcast.status, sa.func.count()).group_by(Broadcast.status)).all())
    return {key: sum(rows.get(each, 0) for each in states) for key, (_, states) in GROUPS.items()}


def broadcast(broadcast_id: int) -> Broadcast | None:
    """One broadcast with its audiences and wordings."""
    loaded = (selectinload(Broadcast.audiences), selectinload(Broadcast.variants))
    return db.session.scalar(sa.select(Broadcast).where(Broadcast.id == broadcast_id).options(*loaded))


def recipients(
    broadcast: Broadcast, viewer: User, status: str = "", answer: str = "", text: str = ""
) -> sa.Select[Any]:
    """The messages of a broadcast to contacts in the viewer's sight, with whom they went to."""
    m, c = EmailMessage, Contact
    shown = (
        m.id, m.contact_id, m.to_address, m.status, m.reason, m.sent_at, m.due_at, m.opened_at, m.opened_count, m.clicked_at,
        m.clicked_count, m.bounced_at, m.unsubscribed_at, m.content_id, m.resent_at, c.first_name, c.last_name, c.email,
    )  # fmt: skip
    found = sa.select(*shown).join(c, c.id == m.contact_id)
    found = found.where(m.purpose == PURPOSE, m.parent_id == broadcast.id, scope(viewer))
    if status:
        found = found.where(m.status == status)
    if answer in ANSWERS:
        found = found.where(ANSWERS[answer][1])
    for word in text.lower().split()[:5]:
        found = found.where(
            sa.or_(c.sort_name.contains(word, autoescape=True), c.email.contains(word, autoescape=True))
        )
    return found


def recipient_page(found: sa.Select[Any], cursor: str | None) -> Page:
    """One page of recipients, in the order they were written down."""
    order = Order(table_of(EmailMessage).c.contact_id, table_of(EmailMessage).c.id)
    return page(found, order, read_cursor(cursor, order), lambda each: db.session.execute(each).all(), PAGE)


def names_of(ids: Sequence[int]) -> dict[int, str]:
    """The names of these broadcasts."""
    return dict(db.session.execute(sa.select(Broadcast.id, Broadcast.name).where(Broadcast.id.in_(ids))).all())


def broadcasts_with(thing: Mentioned) -> list[Use]:
    """The broadcasts not yet sent that are for a tag or an audience, or were begun with a template, by name."""
    waiting = sa.select(Broadcast).where(Broadcast.status.in_(("draft", "scheduled", "missed", "launching")))
    found = waiting.options(selectinload(Broadcast.audiences)).order_by(Broadcast.name, Broadcast.id)
    return [
        Use(f"Broadcast “{each.name}”", url_for("broadcasts.show", broadcast_id=each.id))
        for each in db.session.scalars(found)
        if _speaks_of(each, thing)
    ]


def _speaks_of(broadcast: Broadcast, thing: Mentioned) -> bool:
    refs = [{"audience_id": each.audience_id} for each in broadcast.audiences]
    return thing.is_in([broadcast.condition, refs, {"template_id": broadcast.template_id}])
