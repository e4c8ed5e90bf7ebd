"""Choosing: what a contact wants is switched on or off, each time with its proof. Choosing what is chosen already changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any

import sqlalchemy as sa

from crm.activity.operations import emit
from crm.activity.vocabulary import EmailConfirmed, PreferencesChanged
from crm.contacts.models import Contact
from crm.database import db
from crm.lib import clock
from crm.preferences import proof
from crm.preferences.models import (
    FREQUENCIES,
    SWITCHES,
    CommunicationPreferences,
    ContactTopic,
    Topic,
)
from crm.preferences.operations import resubscribe, unsubscribe
from crm.preferences.proof import REFUSAL_STANDS, Source
from crm.preferences.queries import in_force, topics

HABITS = ("frequency", "quiet_hours_start", "quiet_hours_end", "preferred_channel")
DEFAULTS: dict[str, Any] = {
    **dict.fromkeys(SWITCHES, True),
    "preferred_channel": "email",
    "frequency": "all",
    "confirmation": "",
}
"""How everything stands where nothing was ever chosen."""
HABIT_WORDS = {
    "frequency": "How often",
    "quiet_hours_start": "Quiet from",
    "quiet_hours_end": "Quiet until",
    "preferred_channel": "Preferred channel",
}


def preferences_of(contact: Contact) -> CommunicationPreferences:
    """What the contact wants; the defaults, not stored, where nothing was ever chosen."""
    found = db.session.scalar(
        sa.select(CommunicationPreferences).where(CommunicationPreferences.contact_id == contact.id)
    )
    return found or CommunicationPreferences(contact_id=contact.id, **DEFAULTS)


def ensure_preferences(contact: Contact) -> CommunicationPreferences:
    """The stored preferences, made when there are none."""
    row = preferences_of(contact)
    if row.id is None:
        db.session.add(row)
        db.session.flush()
    return row


@dataclass(frozen=True)
class Choice:
    """One thing to choose and how it stands. `key` is a switch or `topic:` and a slug."""

    key: str
    label: str
    is_on: bool
    hint: str = ""
    is_public: bool = True


def topic_choices(contact: Contact) -> list[Choice]:
    """Every topic and whether the contact gets it."""
    own = _own_topics(contact)
    return [
        Choice(f"topic:{each.slug}", each.name, own.get(each.id, each.is_default), each.description, each.is_public)
        for each in topics()
    ]


def choose(contact: Contact, wanted: Mapping[str, bool], source: Source) -> dict[str, bool]:
    """Switch these on or off; what really changed. Unknown keys are left alone, and so is a refusal by an import or a form."""
    stands = standing(contact)
    changed = {key: is_on for key, is_on in wanted.items() if stands.get(key, is_on) != is_on}
    if source.how in REFUSAL_STANDS:
        refused = refusals(contact)
        changed = {key: is_on for key, is_on in changed.items() if not (is_on and key in refused)}
    if not changed:
        return {}
    switched = {key: is_on for key, is_on in changed.items() if key in SWITCHES}
    if switched:
        row = ensure_preferences(contact)
        for key, is_on in switched.items():
            setattr(row, key, is_on)
    _choose_topics(contact, {key: is_on for key, is_on in changed.items() if key not in SWITCHES})
    proof.keep(contact.id, contact.email or contact.phone or "", changed, source)
    labels = {**SWITCHES, **{each.key: each.label for each in topic_choices(contact)}}
    _tell(contact, {labels[key]: "on" if is_on else "off" for key, is_on in changed.items()}, source)
    return changed


def standing(contact: Contact) -> dict[str, bool]:
    """Everything that can be chosen and how it stands."""
    row = preferences_of(contact)
    return {**{key: getattr(row, key) for key in SWITCHES}, **{each.key: each.is_on for each in topic_choices(contact)}}


def refusals(contact: Contact) -> set[str]:
    """What was switched off by a choice, not by a default."""
    return {what for what, record in proof.newest_of(contact.id).items() if not record.is_on}


def choose_marketing(contact: Contact, email: str, is_on: bool, source: Source, message_id: int | None = None) -> bool:
    """News at all or none, as one question: the opt-out of the address and the switch together; whether that changed something."""
    if not is_on:
        return unsubscribe(contact, email, source.by, source=source, message_id=message_id)
    if source.how in REFUSAL_STANDS and (in_force(email) or "marketing_emails" in refusals(contact)):
        return False
    came_back = resubscribe(contact, email, source.by, source=source)
    return bool(choose(contact, {"marketing_emails": True}, source)) or came_back


def set_habits(contact: Contact, habits: Mapping[str, Any], source: Source) -> bool:
    """Set how often, when not, and by which channel; whether that changed something."""
    row = preferences_of(contact)
    changed = {key: habits[key] for key in HABITS if key in habits and getattr(row, key) != habits[key]}
    if not changed:
        return False
    row = ensure_preferences(contact)
    for key, value in changed.items():
        setattr(row, key, value)
    db.session.flush()
    _tell(contact, {HABIT_WORDS[key]: _habit(key, value) for key, value in changed.items()}, source)
    return True


def await_confirmation(contact: Contact) -> None:
    """No marketing until the contact confirms the address (double opt-in). One that is confirmed stays so."""
    row = ensure_preferences(contact)
    if row.confirmation != "confirmed":
        row.confirmation, row.confirmation_asked_at = "pending", clock.now()
        db.session.flush()


def confirm(contact: Contact, source: Source) -> bool:
    """The contact confirms the address; whether that was new."""
    row = ensure_preferences(contact)
    if row.confirmation == "confirmed":
        return False
    row.confirmation, row.confirmed_at = "confirmed", clock.now()
    proof.keep(contact.id, contact.email or "", {"confirmation": True}, source)
    emit(EmailConfirmed(contact_id=contact.id, by=source.by))
    return True


def _choose_topics(contact: Contact, wanted: Mapping[str, bool]) -> None:
    slugs = {key.removeprefix("topic:"): is_on for key, is_on in wanted.items()}
    for topic in db.session.scalars(sa.select(Topic).where(Topic.slug.in_(slugs))):
        mine = ContactTopic.contact_id == contact.id, ContactTopic.topic_id == topic.id
        row = db.session.scalar(sa.select(ContactTopic).where(*mine))
        if row is None:
            row = ContactTopic(contact_id=contact.id, topic_id=topic.id)
            db.session.add(row)
        row.is_on, row.changed_at = slugs[topic.slug], clock.now()
    db.session.flush()


def _own_topics(contact: Contact) -> dict[int, bool]:
    mine: Sequence[Any] = db.session.execute(
        sa.select(ContactTopic.topic_id, ContactTopic.is_on).where(ContactTopic.contact_id == contact.id)
    ).all()
    return {row.topic_id: row.is_on for row in mine}


def _tell(contact: Contact, changes: dict[str, str], source: Source) -> None:
    emit(PreferencesChanged(contact_id=contact.id, changes=changes, by=source.by))


def _habit(key: str, value: Any) -> str:
    if isinstance(value, time):
        return f"{value:%H:%M}"
    return FREQUENCIES.get(value, value) if key == "frequency" else str(value or "not set")
