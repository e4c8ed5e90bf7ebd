"""What comes back from a message: opens and clicks. Those of programs are kept and marked, and cause nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from crm.activity.operations import emit
from crm.activity.vocabulary import Actor, EmailActivity, EmailClicked, EmailOpened
from crm.contacts.models import Contact
from crm.database import db, table_of
from crm.email import links
from crm.email.models import EmailLink, EmailLinkClick, EmailMessage
from crm.email.operations import mark_arrived

AGAIN = timedelta(seconds=60)
"""A second click on the same link within this time is the first one's echo."""
_contacts = table_of(Contact)


@dataclass(frozen=True)
class Visit:
    """Who asked, and when. `machine` is why it counts as a program's, if it does."""

    at: datetime
    user_agent: str = ""
    ip_address: str = ""
    machine: str | None = None


def clicked_url(message_id: int, position: int) -> str | None:
    """Where the link at this position of the message leads; only what was stored with its content."""
    found = db.session.execute(
        sa.select(EmailLink.url, EmailMessage.merge_values)
        .join(EmailMessage, EmailMessage.content_id == EmailLink.content_id)
        .where(EmailMessage.id == message_id, EmailLink.position == position)
    ).first()
    return links.filled(found.url, found.merge_values or {}) if found else None


def record_open(message_id: int, visit: Visit) -> None:
    """Note that a message was opened. Only a person's first open is an activity."""
    message = _message(message_id)
    if message is None:
        return
    mark_arrived(message)
    if visit.machine:
        message.machine_opened_count += 1
        message.machine_reason = visit.machine
    else:
        _open(message, visit)
    db.session.flush()


def record_click(message_id: int, url: str, visit: Visit) -> None:
    """Note that a link was followed. A person who clicks has opened the message too."""
    message = _message(message_id)
    if message is None:
        return
    mark_arrived(message)
    is_echo = _is_echo(message, url, visit)
    _keep(message, url, visit)
    if visit.machine:
        message.machine_clicked_count += 1
        message.machine_reason = visit.machine
    elif not is_echo:
        _click(message, url, visit)
    db.session.flush()


def _open(message: EmailMessage, visit: Visit) -> None:
    is_first = message.opened_at is None
    message.opened_count += 1
    message.opened_at = message.opened_at or visit.at
    _touch(message, last_email_opened_at=visit.at)
    if is_first:
        _tell(message, EmailOpened)


def _click(message: EmailMessage, url: str, visit: Visit) -> None:
    if message.opened_at is None:
        _open(message, visit)
    message.clicked_count += 1
    message.clicked_at = message.clicked_at or visit.at
    _touch(message, last_email_clicked_at=visit.at)
    _tell(message, EmailClicked, url=url)


def _message(message_id: int) -> EmailMessage | None:
    return db.session.get(EmailMessage, message_id, with_for_update=True)


def _keep(message: EmailMessage, url: str, visit: Visit) -> None:
    db.session.add(
        EmailLinkClick(
            email_message_id=message.id,
            contact_id=message.contact_id,
            url=url,
            clicked_at=visit.at,
            user_agent=visit.user_agent[:255] or None,
            ip_address=visit.ip_address[:45] or None,
            machine_reason=visit.machine,
        )
    )


def _is_echo(message: EmailMessage, url: str, visit: Visit) -> bool:
    before = sa.select(EmailLinkClick.id).where(
        EmailLinkClick.email_message_id == message.id,
        EmailLinkClick.url == url,
        EmailLinkClick.machine_reason.is_(None),
        EmailLinkClick.clicked_at > visit.at - AGAIN,
    )
    return db.session.scalar(before.limit(1)) is not None


def _touch(message: EmailMessage, **facts: Any) -> None:
    if message.contact_id is not None:
        mine = sa.update(_contacts).where(_contacts.c.id == message.contact_id)
        db.session.execute(mine.values(**facts), execution_options={"synchronize_session": False})


def _tell(message: EmailMessage, kind: type[EmailActivity], **more: str) -> None:
    if message.contact_id is not None:
        emit(
            kind(
                contact_id=message.contact_id,
                subject_id=message.id,
                subject=message.subject or "",
                purpose=message.purpose,
                template_id=message.template_id,
                by=Actor(name="the contact", depth=message.depth),
                **more,
            )
        )
