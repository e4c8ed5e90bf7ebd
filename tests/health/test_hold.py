"""After a restore or a long standstill nothing late goes out until a person decides."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crm.activity.vocabulary import Actor
from crm.automation import engine
from crm.automation.models import Enrollment
from crm.database import commit, db
from crm.email.jobs import deliver as deliver_job
from crm.email.models import EmailMessage
from crm.health import hold
from crm.health.jobs import heartbeat
from crm.health.models import Heartbeat, Hold
from crm.health.operations import beat
from crm.lib import clock
from tests import factories
from tests.email.mailroom import deliver, queue

ADA = Actor(name="Ada")


@pytest.fixture
def message(app):
    return queue([factories.contact()])[0]


def silent_for(**span):
    beat()
    db.session.execute(sa.update(Heartbeat).values(seen_at=clock.now() - timedelta(**span)))
    commit()


def test_while_it_stands_nothing_is_sent_and_nobody_moves(message):
    hold.begin("restored", clock.now())
    commit()
    deliver()
    deliver_job()
    assert (message.status, engine.process_due()) == ("pending", 0)


def test_a_worker_that_was_silent_for_long_asks_before_it_sends(message):
    silent_for(hours=30)
    heartbeat()
    deliver()
    assert (message.status, hold.current().cause) == ("pending", "stopped")


def test_whichever_job_comes_first_finds_out(message):
    silent_for(hours=30)
    deliver()
    assert (message.status, hold.current().cause) == ("pending", "stopped")


def test_a_short_silence_or_nothing_late_is_no_matter(message):
    silent_for(hours=23)
    deliver()
    assert message.status == "sent"
    silent_for(hours=30)
    heartbeat()
    assert hold.current() is None


def test_going_on_sends_what_is_due(message):
    silent_for(hours=30)
    heartbeat()
    hold.go_on(hold.current(), ADA)
    commit()
    deliver()
    assert message.status == "sent"


def test_skipping_gives_up_what_was_late_and_sends_the_rest(app, message):
    late = clock.now() - timedelta(hours=5)
    db.session.execute(sa.update(EmailMessage).values(due_at=late))
    (fresh,) = queue([factories.contact(email="other@example.com")])
    found = hold.begin("restored", late)
    commit()
    assert hold.skip(found, late + timedelta(hours=1), ADA, commit) == {"emails": 1}
    commit()
    deliver()
    assert (message.status, fresh.status) == ("cancelled", "sent")
    assert "Ada" in message.reason


def test_one_hold_at_a_time(app):
    assert hold.begin("asked", clock.now(), "Ada") is hold.begin("restored", clock.now())
    assert db.session.scalar(sa.select(sa.func.count(Hold.id))) == 1


def test_it_counts_no_workflow_that_has_nothing_due(app):
    assert db.session.scalar(sa.select(sa.func.count(Enrollment.id))) == 0
    silent_for(hours=300)
    assert not hold.begin_after_silence()
