"""Whom email is from: the senders a school has set, else MAIL_FROM."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parseaddr

import sqlalchemy as sa
from flask import current_app

from crm.database import db
from crm.delivery.models import EmailSender


@dataclass(frozen=True)
class From:
    """Name and address of a sender, where answers go if elsewhere, and its id if the school made it."""

    name: str
    address: str
    reply_to: str = ""
    id: int | None = None

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2].lower()


def sender_for(sender_id: int | None = None) -> From:
    """The sender with this id; the default one when there is none such (any more), and MAIL_FROM when the school made none."""
    found = db.session.get(EmailSender, sender_id) if sender_id else None
    found = found or db.session.scalar(sa.select(EmailSender).where(EmailSender.is_default).limit(1))
    if found is None:
        name, address = parseaddr(current_app.config["MAIL_FROM"])
        return From(name or current_app.config["SCHOOL_NAME"], address)
    return From(found.name, found.address, found.reply_to or "", found.id)


def senders() -> list[EmailSender]:
    """The school's senders, the default one first, then by name."""
    found = sa.select(EmailSender).order_by(EmailSender.is_default.desc(), EmailSender.name, EmailSender.id)
    return list(db.session.scalars(found))
