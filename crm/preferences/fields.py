"""What conditions may ask of consent. Whoever has a guardian is asked through the guardian, as messages are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from crm.conditions.choice_types import Link, YesNo
from crm.conditions.date_types import Moment
from crm.conditions.field_types import contact_in, contact_not_in
from crm.conditions.fields import Field, Relation
from crm.conditions.held_type import Held
from crm.contacts.models import Contact
from crm.database import db
from crm.delivery.models import Suppression
from crm.preferences.models import CommunicationPreferences, ConsentRecord, ContactTopic, EmailUnsubscribe, Topic

GIVEN = ("subscription", "confirmation", "marketing_emails")
_guardian, _ward = aliased(Contact), aliased(Contact)


def _refuses(person: Any) -> sa.ColumnElement[bool]:
    """Whether marketing email to this person would be skipped; each set is read once."""
    wants = CommunicationPreferences
    left = sa.select(EmailUnsubscribe.email).where(EmailUnsubscribe.resubscribed_at.is_(None))
    suppressed = sa.select(Suppression.address).where(Suppression.channel == "email")
    unwilling = sa.or_(
        wants.email_enabled.is_(False), wants.marketing_emails.is_(False), wants.confirmation == "pending"
    )
    return sa.or_(
        person.email.is_(None),
        person.email.in_(left),
        person.email.in_(suppressed),
        person.id.in_(sa.select(wants.contact_id).where(unwilling)),
    )


def _allowed() -> sa.ColumnElement[bool]:
    guardians = sa.select(_ward.guardian_id).where(_ward.guardian_id.is_not(None))
    closed = sa.select(_guardian.id).where(_guardian.id.in_(guardians), _refuses(_guardian))
    through_guardian = Contact.guardian_id.not_in(closed)
    return sa.case((Contact.guardian_id.is_(None), sa.not_(_refuses(Contact))), else_=through_guardian)


class Subscribed(Link):
    """A topic the contact gets: by choice, or because nothing was chosen and it is for everyone."""

    operators = ("contains", "not_contains", "in_list", "not_in_list")

    def stored(self, field: Field, id_: int) -> Any:  # noqa: ARG002
        own = sa.select(ContactTopic.is_on).where(ContactTopic.contact_id == id_, ContactTopic.topic_id == Topic.id)
        gets = sa.func.coalesce(own.scalar_subquery(), Topic.is_default)
        return ", ".join(db.session.scalars(sa.select(Topic.name).where(gets).order_by(Topic.name))) or None

    def in_list(self, field: Field, values: Sequence[int]) -> Any:
        return sa.or_(*(self._gets(field, each, is_on=True) for each in values))

    def not_in_list(self, field: Field, values: Sequence[int]) -> Any:
        return sa.and_(*(self._gets(field, each, is_on=False) for each in values))

    def _gets(self, field: Field, topic_id: int, *, is_on: bool) -> Any:
        is_default = db.session.scalar(sa.select(Topic.is_default).where(Topic.id == topic_id))
        exceptions = field.relation.contacts_with(
            ContactTopic.topic_id == topic_id, ContactTopic.is_on.is_(not is_default)
        )
        return contact_not_in(exceptions) if is_default == is_on else contact_in(exceptions)


def _latest(values: Sequence[Any]) -> Any:
    return max(values, default=None)


def _given() -> Relation:
    yes = ConsentRecord.is_on, ConsentRecord.what.in_(GIVEN)
    return Relation(ConsentRecord.contact_id, ConsentRecord.given_at, None, where=yes)


FIELDS = (
    Field("email_allowed", "May get marketing email", YesNo(), "Consent", _allowed(), operators=("equals",)),
    Field("topics", "Topic", Subscribed(), "Consent", relation=Relation(ContactTopic.contact_id, ContactTopic.topic_id, Topic)),
    Field("consent_given", "Consent given", Held(Moment(), _latest), "Consent", ConsentRecord.given_at, _given()),
    Field(
        "email_confirmed", "Email confirmed", Held(Moment(), _latest), "Consent", CommunicationPreferences.confirmed_at,
        Relation(
            CommunicationPreferences.contact_id, CommunicationPreferences.confirmed_at, None,
            where=(CommunicationPreferences.confirmed_at.is_not(None),),
        ),
    ),
)  # fmt: skip
