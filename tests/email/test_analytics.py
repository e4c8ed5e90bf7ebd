"""The figures of emails: people and programs apart, rates of what arrived."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from crm.database import commit, db, table_of
from crm.email import analytics
from crm.email.analytics import LinkFigures, Portion
from crm.email.models import EmailLinkClick, EmailMessage, EmailOpen
from crm.email.operations import ensure_content
from crm.preferences.models import EmailUnsubscribe
from tests import factories
from tests.email.mailroom import BODY

NOON = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)
HERE = analytics.of_broadcast(7)


def put(number: int, **more) -> EmailMessage:
    contact = factories.contact(email=f"carla{number}@{more.pop('domain', 'example.com')}")
    content = ensure_content("Hi", BODY)
    facts = {"status": "sent", "sent_at": NOON, "parent_id": 7, "to_address": contact.email, **more}
    message = EmailMessage(contact_id=contact.id, content_id=content.id, purpose="broadcast", **facts)
    db.session.add(message)
    db.session.flush()
    return message


def opened(message: EmailMessage, at: datetime, **more) -> None:
    db.session.add(EmailOpen(email_message_id=message.id, contact_id=message.contact_id, opened_at=at, **more))


def clicked(message: EmailMessage, position: int, **more) -> None:
    facts = {"email_message_id": message.id, "contact_id": message.contact_id, "clicked_at": NOON}
    db.session.add(EmailLinkClick(position=position, url=f"as filled in {message.id}", **facts, **more))


@pytest.fixture
def mailing(app) -> list[EmailMessage]:
    first = put(1, opened_at=NOON, opened_count=2, clicked_at=NOON, clicked_count=3)
    second = put(2, opened_at=NOON + timedelta(hours=3), opened_count=1, status="delivered", unsubscribed_at=NOON)
    third = put(3, machine_opened_count=1, machine_clicked_count=2, machine_reason="mail scanner", domain="big.example")
    bounced = put(4, bounced_at=NOON, bounce_type="hard", status="failed", sent_at=None, reason="550 no such user")
    soft = put(5, bounced_at=NOON, bounce_type="soft", reason="full")
    angry = put(6, complained_at=NOON)
    put(7, status="skipped", sent_at=None)
    put(8, parent_id=8, opened_at=NOON)
    for at in (NOON, NOON + timedelta(hours=1)):
        opened(first, at, device="phone", client="Apple Mail")
    opened(second, NOON + timedelta(hours=3), device="unknown", client="Gmail")
    opened(third, NOON, visitor="machine", machine_reason="mail scanner")
    for position in (0, 0, 1):
        clicked(first, position)
    clicked(third, 1, visitor="machine", machine_reason="mail scanner")
    left = EmailUnsubscribe(contact_id=second.contact_id, email="carla2@example.com", email_message_id=second.id)
    left.reason = "too_many"
    db.session.add(left)
    commit()
    return [first, second, third, bounced, soft, angry]


def test_people_and_programs_are_counted_apart(mailing):
    found = analytics.figures(HERE)
    assert (found.total, found.sent, found.delivered, found.confirmed, found.failed) == (7, 6, 4, 1, 1)
    assert (found.hard_bounced, found.soft_bounced, found.bounced, found.complained) == (1, 1, 2, 1)
    assert (found.opened, found.machine_opened, found.clicked, found.machine_clicked) == (2, 1, 1, 1)
    assert found.unsubscribed == 1


def test_rates_are_of_what_arrived(mailing):
    found = analytics.figures(HERE)
    assert (found.open_rate, found.click_rate, found.click_to_open_rate) == (0.5, 0.25, 0.5)
    assert (found.delivery_rate, found.bounce_rate, found.unsubscribe_rate) == (4 / 6, 2 / 6, 0.25)


def test_no_messages_have_no_rates(app):
    found = analytics.figures(HERE)
    assert (found.sent, found.open_rate, found.click_to_open_rate) == (0, None, None)
    assert analytics.over_time(HERE) == analytics.links(HERE) == analytics.devices(HERE) == []


def test_figures_by_variant(mailing):
    assert analytics.figures_by(EmailMessage.content_id, HERE)[mailing[0].content_id] == analytics.figures(HERE)


def test_hours_follow_each_other_without_gaps(mailing):
    points = analytics.over_time(HERE)
    assert [(each.at.hour, each.opened, each.clicked) for each in points] == [(12, 1, 1), (13, 0, 0), (14, 0, 0), (15, 1, 0)]  # fmt: skip
    assert (points[0].machine_opens, points[0].machine_clicks) == (1, 1)


def test_days_are_the_schools(app, mailing):
    app.config["TIMEZONE"] = "Europe/Berlin"
    late = [NOON + timedelta(hours=12), NOON + timedelta(days=1, hours=9)]
    for message, at in zip(mailing[:2], late, strict=True):
        message.opened_at = at
    commit()
    points = analytics.over_time(HERE, "day")
    assert [(each.at.day, each.opened) for each in points] == [(28, 0), (29, 2)]


@pytest.mark.parametrize(
    ("zone", "night"),
    [
        ("Europe/Berlin", datetime(2026, 10, 24, 23, tzinfo=UTC)),
        ("Australia/Lord_Howe", datetime(2026, 4, 4, 13, tzinfo=UTC)),
    ],
)
def test_the_night_the_clock_goes_back_has_every_hour_once(app, mailing, zone, night):
    app.config["TIMEZONE"] = zone
    for number, message in enumerate(mailing[:5]):
        message.opened_at = night + timedelta(hours=number)
    commit()
    assert [each.opened for each in analytics.over_time(HERE)[-6:]] == [0, 1, 1, 1, 1, 1]


def test_links_are_told_by_what_was_written(mailing):
    first, second = analytics.links(HERE)
    assert first == LinkFigures("https://school.example/book?c={{ contact.first_name | url_encode }}", 2, 1, 0)
    assert second == LinkFigures("https://school.example/read", 1, 1, 1)


def test_a_link_nobody_followed_is_listed(app):
    put(1)
    assert [each.clicks for each in analytics.links(HERE)] == [0, 0]


def test_devices_and_domains(mailing):
    assert analytics.devices(HERE) == [Portion("phone", 1, detail="Apple Mail"), Portion("unknown", 1, detail="Gmail")]
    big, small = analytics.domains(HERE)
    assert (big.domain, big.figures.sent, big.figures.opened) == ("example.com", 5, 2)
    assert (small.domain, small.figures.machine_opened) == ("big.example", 1)


def test_why_they_came_back_and_why_they_left(mailing):
    assert {(each.name, each.detail) for each in analytics.bounce_reasons(HERE)} == {("550 no such user", "hard"), ("full", "soft")}  # fmt: skip
    assert analytics.unsubscribe_reasons(HERE) == [Portion("too_many", 1)]


def test_every_question_finds_its_messages_by_an_index(mailing):
    for which in (HERE, analytics.of_template(1), analytics.of_step(1), EmailMessage.content_id == 1):
        statement = sa.select(sa.func.count()).select_from(table_of(EmailMessage)).where(which)
        sql = str(statement.compile(db.engine, compile_kwargs={"literal_binds": True}))
        plan = db.session.execute(sa.text(f"EXPLAIN QUERY PLAN {sql}")).all()
        assert all("USING" in row[3] and "INDEX" in row[3] for row in plan), plan
