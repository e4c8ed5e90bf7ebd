"""Limits: a day's number, warming up, a domain's pace, a domain that refuses. Nothing is dropped, nobody else waits."""

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from crm.database import commit, db
from crm.delivery.models import SendingDay, SendingDomain
from crm.email import domains, lanes, limits
from crm.email.sending import Delivery
from crm.email.turns import next_turn
from crm.email.writing import Writer
from crm.lib import clock
from crm.lib.smtp_url import Server
from crm.providers.smtp import Smtp
from tests import factories
from tests.email.mailroom import QUICK, SENDER, deliver, later, queue
from tests.providers.mail_server import MailServer

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)


def people(count: int, domain: str = "gmail.example"):
    return [factories.contact(first_name=f"P{n}", email=f"p{n}@{domain}") for n in range(count)]


def statuses(rows) -> list[str]:
    return [each.status for each in rows]


@pytest.mark.parametrize(("day", "limit"), [(28, None), (1, 50), (2, 65), (3, 84), (11, 689)])
def test_warming_up_grows_day_by_day(app, day, limit):
    app.config.update(MAIL_WARMUP_START=date(2027, 3, 1), MAIL_WARMUP_GROWTH=30)
    at = datetime(2027, 2 if day == 28 else 3, day, 12, tzinfo=UTC)
    assert limits.day_limit(at) == limit
    app.config["MAIL_PER_DAY"] = 60
    assert limits.day_limit(at) == min(limit or 60, 60)


def test_a_day_is_the_schools_and_the_rest_goes_on_the_next(app):
    app.config.update(MAIL_PER_DAY=10, TIMEZONE="Europe/Berlin")
    lane = lanes.open_lane("broadcast", 1, "Summer", is_held=False)
    rows = queue(people(12), lane_id=lane.id)
    db.session.execute(sa.text("UPDATE email_messages SET due_at = '2027-01-01 00:00:00'"))
    deliver(at=NOON)
    assert statuses(rows).count("sent") == 9, "a tenth is kept for single mails"
    assert next_turn(NOON) is None
    reason, until = limits.why_waiting(lane.id, NOON)
    assert "10 emails" in reason
    assert until == datetime(2027, 3, 1, 23, tzinfo=UTC)
    single = queue(people(2, "else.example"), visit_no=1)
    receipt = queue(people(1, "third.example"), visit_no=2, is_marketing=False)
    db.session.execute(sa.text("UPDATE email_messages SET due_at = '2027-01-01 00:00:00' WHERE status = 'pending'"))
    deliver(at=NOON)
    assert sorted(statuses(single)) == ["pending", "sent"]
    deliver(at=NOON)
    assert statuses(receipt) == ["sent"], "what is no marketing goes whatever the number"
    deliver(at=until)
    assert statuses(rows + single) == ["sent"] * 14


def test_what_was_given_back_does_not_count(app):
    app.config["MAIL_PER_DAY"] = 1000
    queue(people(5))
    with MailServer({"banner": b"421 no\r\n"}) as server:
        deliver(server)
    assert db.session.scalar(sa.select(SendingDay.count)) == 1


def test_what_is_given_back_after_midnight_counts_for_no_day(app):
    app.config["MAIL_PER_DAY"] = 1000
    queue(people(5))
    days = sa.select(SendingDay.day, SendingDay.count)
    with MailServer({"banner": b"421 no\r\n"}) as server:
        provider = Smtp(Server.of_url(server.url), QUICK)

        def now() -> datetime:
            """The next day, once some were taken."""
            return NOON + timedelta(days=1 if db.session.execute(days).all() else 0)

        db.session.execute(sa.text("UPDATE email_messages SET due_at = '2027-01-01 00:00:00'"))
        Delivery(provider, Writer(SENDER), longest=5, now=now).run(10)
    assert db.session.execute(days).all() == [(NOON.date(), 1)]


def test_a_domain_gets_so_many_a_minute_and_others_do_not_wait(app):
    app.config["MAIL_PER_DOMAIN"] = 80
    lane = lanes.open_lane("broadcast", 1, "Summer", is_held=False)
    slow, quick = queue(people(9), lane_id=lane.id), queue(people(1, "other.example"), lane_id=lane.id)
    single = queue([factories.contact(email="single@gmail.example")], visit_no=1)
    now = clock.now()
    deliver(at=now)
    assert statuses(slow) == ["sent", *["pending"] * 8]
    assert statuses(quick + single) == ["sent"] * 2
    assert [round((each.due_at - now).total_seconds()) for each in slow[1:5]] == [1, 2, 3, 4]
    assert "80 emails a minute go to gmail.example" in slow[1].reason
    assert slow[1].attempts == 0
    deliver(at=now + timedelta(seconds=2))
    assert statuses(slow) == ["sent"] * 3 + ["pending"] * 6
    deliver(at=now + timedelta(hours=1))
    assert statuses(slow).count("sent") == 5, "an hour's pause does not end in a flood"


def test_a_domain_that_refuses_is_left_alone_and_tried_with_one(app):
    rows, other = queue(people(12)), queue(people(1, "other.example"))
    now = clock.now()
    busy = {"rcpt": lambda recipient: b"451 busy\r\n" if b"gmail" in recipient else None}
    with MailServer(busy) as server:
        deliver(server, now)
        assert statuses(other) == ["sent"]
        assert statuses(rows) == ["pending"] * 12
        assert len(server.messages) == 1, "after five refusals nobody else was tried"
        assert sum(each.attempts for each in rows) <= 7, "two were in hand"
        deliver(server, now + timedelta(seconds=61))
        held = db.session.get(SendingDomain, "gmail.example")
        assert (held.refusals, len(server.messages)) == (6, 1)
        assert held.held_until - now > timedelta(seconds=180)
        server.script = {}
        deliver(server, now + timedelta(seconds=200))
        assert len(server.messages) == 2, "one is tried; it is taken"
        deliver(server, now + timedelta(minutes=30))
    assert statuses(rows) == ["sent"] * 12
    assert db.session.get(SendingDomain, "gmail.example").refusals == 0


def test_a_full_mailbox_says_nothing_of_its_domain(app):
    queue(people(7))
    with MailServer({"rcpt": b"452 4.2.2 full\r\n"}) as server:
        deliver(server)
    assert db.session.scalar(sa.select(SendingDomain.domain)) is None


def test_the_time_doubles_up_to_an_hour(app):
    now = clock.now()
    waits = []
    for _ in range(14):
        until = domains.note_refused("a.example", "451", now)
        waits.append(until and round((until - now).total_seconds() / 60))
        now = until or now
    commit()
    assert waits == [None] * 4 + [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]


def test_three_days_are_counted_from_the_first_failure(app):
    (row,) = queue(people(1))
    with MailServer({"rcpt": b"451 later\r\n"}) as server:
        deliver(server, later(days=9))
        assert row.status == "pending", "waiting in a lane for its turn is no failure"
        deliver(server, later(days=12, minutes=1))
    assert row.status == "failed"
