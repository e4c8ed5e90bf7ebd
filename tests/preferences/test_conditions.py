"""Conditions ask about consent: who may get marketing, who gets a topic, when consent was given."""

import pytest
import sqlalchemy as sa

from crm.conditions.compiler import compile_condition
from crm.contacts.models import Contact
from crm.database import db
from crm.delivery.operations import suppress
from crm.preferences.choices import await_confirmation, choose, confirm
from crm.preferences.models import EmailUnsubscribe, Topic
from crm.preferences.proof import Source
from tests import factories


@pytest.fixture
def carla(app) -> Contact:
    return factories.contact()


def found(field, operator="equals", value="yes") -> list[str]:
    clause = {"field": field, "operator": operator, "value": value}
    matching = sa.select(Contact.first_name).where(compile_condition({"match": "all", "conditions": [clause]}))
    return sorted(db.session.scalars(matching))


def test_who_may_get_marketing_email(carla, mo):
    left, dead, none, pending, off = (
        factories.contact(first_name=name, email=f"{name}@example.com" if name != "none" else None)
        for name in ("left", "dead", "none", "pending", "off")
    )
    db.session.add(EmailUnsubscribe(contact_id=left.id, email=left.email))
    suppress(dead.email, "Bounced")
    await_confirmation(pending)
    choose(off, {"marketing_emails": False}, Source("staff", mo.actor))
    ward, closed = (factories.contact(first_name=name, email=None) for name in ("ward", "closed ward"))
    ward.guardian_id, closed.guardian_id = carla.id, left.id
    db.session.flush()
    assert found("email_allowed") == ["Carla", "ward"]
    assert found("email_allowed", value="no") == ["closed ward", "dead", "left", "none", "off", "pending"]


def test_topics_by_choice_and_by_default(carla, mo):
    db.session.add_all([Topic(name="News", slug="news"), Topic(name="Offers", slug="offers", is_default=False)])
    db.session.flush()
    tom = factories.contact(first_name="Tom", email="tom@example.com")
    choose(tom, {"topic:news": False, "topic:offers": True}, Source("page", mo.actor))
    assert found("topics", "contains", "news") == ["Carla"]
    assert found("topics", "not_contains", "news") == ["Tom"]
    assert found("topics", "in_list", ["news", "offers"]) == ["Carla", "Tom"]
    assert found("topics", "not_in_list", ["offers"]) == ["Carla"]


def test_when_consent_was_given(carla, mo):
    assert found("consent_given", "is_set", None) == []
    confirm(carla, Source("page", mo.actor))
    assert found("consent_given", "is_set", None) == found("email_confirmed", "is_set", None) == ["Carla"]
