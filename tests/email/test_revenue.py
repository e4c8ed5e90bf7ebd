"""What clicks earned: the first order within the window, for the newest click before it, in its own currency."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from crm.activity.operations import emit_all
from crm.activity.vocabulary import Custom
from crm.database import commit, db
from crm.email.models import EmailLinkClick, EmailMessage
from crm.email.operations import ensure_content
from crm.email.revenue import Revenue, revenue
from tests import factories

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def carla(app):
    return factories.contact()


def clicked(contact, broadcast: int, at: datetime, visitor: str = "person") -> None:
    content = ensure_content("Hi", "[a](https://school.example/a)")
    about = {"contact_id": contact.id, "content_id": content.id, "purpose": "broadcast", "parent_id": broadcast}
    message = EmailMessage(**about, status="sent", clicked_at=at)
    db.session.add(message)
    db.session.flush()
    db.session.add(
        EmailLinkClick(email_message_id=message.id, contact_id=contact.id, url="", clicked_at=at, visitor=visitor)
    )
    commit()


def paid(contact, at: datetime, kind: str = "order_paid", **values) -> None:
    emit_all([Custom(contact_id=contact.id, type=kind, values=values)], at=at)
    commit()


def earned(broadcast: int, days: int = 7) -> list[Revenue]:
    return revenue(EmailMessage.parent_id == broadcast, days)


def test_an_order_within_the_window_belongs_to_the_click(carla):
    clicked(carla, 1, START)
    paid(carla, START + timedelta(days=6, hours=23), amount=120.5, currency="eur")
    assert earned(1) == [Revenue("EUR", Decimal("120.5"), 1)]
    assert earned(1, days=3) == []


def test_the_newest_click_before_the_order_counts(carla):
    clicked(carla, 1, START)
    clicked(carla, 2, START + timedelta(days=1))
    clicked(carla, 3, START + timedelta(days=4))
    paid(carla, START + timedelta(days=2), amount="80.00", currency="EUR")
    assert [earned(1), earned(2), earned(3)] == [[], [Revenue("EUR", Decimal("80.00"), 1)], []]


def test_only_the_first_order_after_a_click(carla):
    clicked(carla, 1, START)
    for day, amount in ((2, 10), (3, 99)):
        paid(carla, START + timedelta(days=day), amount=amount, currency="EUR")
    assert earned(1) == [Revenue("EUR", Decimal(10), 1)]


def test_programs_earn_nothing_nor_other_events_nor_other_people(carla):
    clicked(carla, 1, START, visitor="machine")
    paid(carla, START + timedelta(hours=1), amount=10)
    bert = factories.contact(email="bert@example.com")
    clicked(bert, 2, START)
    paid(bert, START + timedelta(hours=1), kind="refund", amount=10)
    assert earned(1) == earned(2) == []


def test_what_is_no_amount_is_left_out(carla):
    clicked(carla, 1, START)
    paid(carla, START + timedelta(hours=1), amount={"a": "lot"}, currency="EUR")
    bert = factories.contact(email="bert@example.com")
    clicked(bert, 1, START)
    paid(bert, START + timedelta(hours=1), amount="NaN")
    assert earned(1) == []


def test_currencies_stay_apart(carla):
    bert = factories.contact(email="bert@example.com")
    for person, currency in ((carla, "EUR"), (bert, "USD")):
        clicked(person, 1, START)
        paid(person, START + timedelta(hours=1), amount=5, currency=currency)
    assert {each.currency for each in earned(1)} == {"EUR", "USD"}
