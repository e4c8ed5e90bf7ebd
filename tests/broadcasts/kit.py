"""Broadcasts for tests: drafted, launched, run and sent as the worker would."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from crm.activity.vocabulary import Actor
from crm.broadcasts import drafting, operations, running
from crm.broadcasts.drafting import Words
from crm.broadcasts.models import Broadcast
from crm.contacts.models import Contact
from crm.database import commit, db
from crm.email.models import EmailMessage
from tests import factories
from tests.email.mailroom import deliver

BY = Actor(name="Ada")
BODY = "Hello {{ contact.first_name | default: 'there' }}, [look](https://school.example/open-day)."


def people(number: int, **values: Any) -> list[Contact]:
    """So many contacts, each with an address."""
    return [
        factories.contact(first_name=f"Pat{each}", last_name="Doe", email=f"pat{each}@example.com", **values)
        for each in range(number)
    ]


def draft(name: str = "Open day", subjects: tuple[str, ...] = ("Come and see us",), **values: Any) -> Broadcast:
    """A draft for everyone, with a wording for each subject."""
    broadcast = drafting.create_broadcast(name, BY)
    broadcast.is_for_everyone = True
    for position, subject in enumerate(subjects):
        if position:
            drafting.add_variant(broadcast, "subject")
        drafting.write(broadcast, Words(subject, "", BODY), position)
    for key, value in values.items():
        setattr(broadcast, key, value)
    commit()
    return broadcast


def launched(*given: Any, **values: Any) -> Broadcast:
    """A broadcast whose recipients are written down."""
    broadcast = draft(*given, **values)
    operations.launch(broadcast, BY)
    commit()
    run()
    return broadcast


def run(now: datetime | None = None) -> None:
    """What the clock does, until there is nothing left to do."""
    while running.run(now):
        pass
    db.session.expire_all()


def send() -> None:
    """Send what is due to the outbox."""
    deliver()


def states(broadcast: Broadcast) -> dict[str, int]:
    """Its messages by state, those there are."""
    return {key: number for key, number in operations.counts(broadcast).items() if number}


def messages(broadcast: Broadcast) -> list[EmailMessage]:
    mine = db.session.query(EmailMessage).filter_by(purpose="broadcast", parent_id=broadcast.id)
    return list(mine.order_by(EmailMessage.id))
