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


def sender_by_ref(ref: int | str) -> EmailSender | None:
    """The sender with this address, or this id."""
    found = db.session.scalar(
        sa.select(EmailSender).where(sa.func.lower(EmailSender.address) == str(ref).strip().lower())
    )
    is_id = str(ref).isascii() and str(ref).isdigit() and len(str(ref)) < 18
    return found or (db.session.get(EmailSender, int(ref)) if is_id else None)


def save_sender(sender: EmailSender | None, name: str, address: str, reply_to: str, *, is_default: bool) -> EmailSender:
    """Make or change a sender. The first one is the default; there is always exactly one default while there are any."""
    sender = sender or EmailSender()
    sender.name, sender.address, sender.reply_to = name.strip(), address.strip(), reply_to.strip() or None
    others = sa.select(EmailSender).where(EmailSender.is_default, EmailSender.id != (sender.id or 0))
    has_default = db.session.scalar(others.limit(1)) is not None
    if is_default and has_default:
        db.session.execute(sa.update(EmailSender).values(is_default=False))
    sender.is_default = is_default or not has_default
    db.session.add(sender)
    db.session.flush()
    return sender


def delete_sender(sender: EmailSender) -> None:
    """Remove a sender; what was to come from it comes from the default one."""
    was_default = sender.is_default
    db.session.delete(sender)
    db.session.flush()
    heir = db.session.scalar(sa.select(EmailSender).order_by(EmailSender.id).limit(1)) if was_default else None
    if heir is not None:
        heir.is_default = True


def is_taken(address: str, but: EmailSender | None) -> bool:
    """Whether another sender has this address."""
    same = sa.select(EmailSender.id).where(sa.func.lower(EmailSender.address) == address.strip().lower())
    return db.session.scalar(same.where(EmailSender.id != (but.id if but else 0)).limit(1)) is not None
