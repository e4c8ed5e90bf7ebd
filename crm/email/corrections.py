"""Taking back what was counted for a person and turned out to be a program's: the counts, the contact's facts, the activities."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.activity.vocabulary import EmailClicked, EmailOpened
from crm.contacts.models import Contact
from crm.database import table_of
from crm.email.machines import MACHINE, PERSON
from crm.email.models import EmailLinkClick, EmailMessage, EmailOpen

_messages, _contacts, _activities = table_of(EmailMessage), table_of(Contact), table_of(ContactActivity)
_opens, _clicks = table_of(EmailOpen), table_of(EmailLinkClick)


class Click(Protocol):
    """A click that turned out to be a program's."""

    @property
    def id(self) -> int: ...
    @property
    def at(self) -> datetime: ...
    @property
    def visitor(self) -> str: ...


def take_back(connection: sa.Connection, row: Any, clicks: Sequence[Click], reason: str) -> None:
    """These clicks on the message are a program's. Doing it twice changes nothing more."""
    if not clicks:
        return
    mine = _clicks.c.id.in_([each.id for each in clicks])
    connection.execute(sa.update(_clicks).where(mine).values(visitor=MACHINE, machine_reason=reason))
    more = _messages.c.machine_clicked_count + len(clicks)
    connection.execute(_message(row).values(machine_clicked_count=more, machine_reason=reason))
    believed = [each for each in clicks if each.visitor == PERSON]
    if believed:
        has_opened = _count_again(connection, row)
        _mark(connection, row, EmailClicked.kind, reason, [each.at for each in believed])
        if not has_opened:
            _mark(connection, row, EmailOpened.kind, reason)
        if row.contact_id is not None:
            _recall(connection, row.contact_id)


def _message(row: Any) -> sa.Update:
    return sa.update(_messages).where(_messages.c.id == row.id)


def _count_again(connection: sa.Connection, row: Any) -> bool:
    """What is left of people's opens and clicks; whether they have opened it at all."""
    clicked = _moments(connection, _clicks, _clicks.c.clicked_at, row)
    opened = _moments(connection, _opens, _opens.c.opened_at, row)
    first = min([*opened, *clicked], default=None)
    connection.execute(
        _message(row).values(
            clicked_count=len(clicked),
            clicked_at=min(clicked, default=None),
            opened_count=len(opened) or int(bool(clicked)),
            opened_at=first,
        )
    )
    return first is not None


def _moments(connection: sa.Connection, table: sa.Table, moment: sa.Column[datetime], row: Any) -> list[datetime]:
    by_people = sa.select(moment).where(table.c.email_message_id == row.id, table.c.visitor == PERSON)
    return list(connection.scalars(by_people))


def _mark(connection: sa.Connection, row: Any, kind: str, reason: str, moments: Sequence[datetime] = ()) -> None:
    """Say on the activities that a program caused them."""
    about = sa.and_(
        _activities.c.contact_id == row.contact_id,
        _activities.c.activity_type == kind,
        _activities.c.subject_type == EmailClicked.subject_type,
        _activities.c.subject_id == row.id,
    )
    if moments:
        about = sa.and_(about, _activities.c.created_at.in_(moments))
    for each in connection.execute(sa.select(_activities.c.id, _activities.c.metadata, _activities.c.description).where(about)).all():  # fmt: skip
        words = f"By a program, which {reason}; not counted. {each.description or ''}".strip()
        changed = {"metadata": {**each.metadata, "machine": reason}, "description": words}
        connection.execute(sa.update(_activities).where(_activities.c.id == each.id).values(**changed))


def _recall(connection: sa.Connection, contact_id: int) -> None:
    """When the contact last opened and clicked, as far as it is people's."""
    facts = {"last_email_opened_at": _messages.c.opened_at, "last_email_clicked_at": _messages.c.clicked_at}
    latest = {
        name: sa.select(sa.func.max(moment)).where(_messages.c.contact_id == contact_id).scalar_subquery()
        for name, moment in facts.items()
    }
    same = {"updated_at": _contacts.c.updated_at}
    connection.execute(sa.update(_contacts).where(_contacts.c.id == contact_id).values(**latest, **same))
