"""The rules by which a message may not go, as one list, and the two ways to ask for the facts: joined for a batch, in sets for an audience."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from crm.contacts.models import Contact
from crm.database import db
from crm.delivery.models import Suppression
from crm.preferences.kinds import MARKETING, SWITCH, SYSTEM
from crm.preferences.models import CommunicationPreferences, ContactTopic, EmailUnsubscribe, Topic

READER, WANTS, TOPIC, CHOICE = (aliased(each) for each in (Contact, CommunicationPreferences, Topic, ContactTopic))
_IS_OPEN = EmailUnsubscribe.resubscribed_at.is_(None)


def reason_for(channel: str, kind: str, facts: Joined | Sets) -> Any:
    """Why a message may not go, as an SQL expression: the first rule that says no, or NULL."""
    address = address_of(facts.reader, channel)
    missing = sa.or_(address.is_(None), address == "")
    rules: list[tuple[Any, Any]] = [
        (sa.and_(missing, Contact.guardian_id.is_not(None)), "guardian_no_address"),
        (missing, "no_address"),
        (facts.suppressed(channel), "suppressed"),
    ]
    if kind != SYSTEM:
        rules += [
            (facts.wants(getattr(WANTS, f"{channel}_enabled").is_(False)), "channel_off"),
            *([(facts.left(), "unsubscribed")] if kind == MARKETING and channel == "email" else []),
            (facts.wants(getattr(WANTS, SWITCH[kind]).is_(False)), f"{kind}_off"),
        ]
    if kind == MARKETING:
        rules += [
            (facts.wants(WANTS.confirmation == "pending"), "unconfirmed"),
            (facts.topic_off, "topic_off"),
        ]
    asked = [(condition, sa.literal(key)) for condition, key in rules if condition is not None]
    return sa.case(*asked, else_=sa.null())


def address_of(reader: Any, channel: str) -> Any:
    return reader.email if channel == "email" else reader.phone


class Joined:
    """Facts about the reader from rows joined by `_asking`: for a batch."""

    reader = READER
    topic_off = sa.func.coalesce(CHOICE.is_on, TOPIC.is_default).is_(False)

    def wants(self, condition: Any) -> Any:
        """Whether this holds of the reader's preferences."""
        return condition

    def suppressed(self, channel: str) -> Any:  # noqa: ARG002
        """Known already, in words, for each message of a batch."""
        return None

    def left(self) -> Any:
        """Whether the reader's address left."""
        return sa.select(EmailUnsubscribe.id).where(EmailUnsubscribe.email == READER.email, _IS_OPEN).exists()


class Sets:
    """The same facts by whether the reader is in a set, each made once: for a whole audience."""

    def __init__(self, reader: Any, topic_id: int | None, erased: set[str]):
        self.reader, self.erased = reader, erased
        self.topic_off = self._topic_off(topic_id)

    def wants(self, condition: Any) -> Any:
        """Whether this holds of the reader's preferences."""
        return self.reader.id.in_(sa.select(WANTS.contact_id).where(condition))

    def suppressed(self, channel: str) -> Any:
        """Whether the address is suppressed, in plain or as a hash."""
        address = address_of(self.reader, channel)
        held = address.in_(sa.select(Suppression.address).where(Suppression.channel == channel))
        return sa.or_(held, address.in_(self.erased)) if self.erased else held

    def left(self) -> Any:
        """Whether the reader's address left."""
        return self.reader.email.in_(sa.select(EmailUnsubscribe.email).where(_IS_OPEN))

    def _topic_off(self, topic_id: int | None) -> Any:
        is_default = db.session.scalar(sa.select(Topic.is_default).where(Topic.id == topic_id)) if topic_id else None
        if is_default is None:
            return sa.false()
        chose = sa.select(ContactTopic.contact_id).where(ContactTopic.topic_id == topic_id)
        if is_default:
            return self.reader.id.in_(chose.where(ContactTopic.is_on.is_(False)))
        return self.reader.id.not_in(chose.where(ContactTopic.is_on))
