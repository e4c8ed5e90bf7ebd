"""What happens to contacts starts workflows."""

from functools import partial

import pytest
import sqlalchemy as sa

from crm.activity.operations import emit
from crm.activity.vocabulary import Actor, ContactCreated, EmailClicked, EmailOpened
from crm.audiences.operations import add_to_audience
from crm.automation.models import Enrollment
from crm.automation.operations import pause
from crm.automation.types import TRIGGERS
from crm.contacts.models import Contact
from crm.database import commit, db
from crm.tags.operations import tag_contacts
from tests import factories
from tests.automation import paths
from tests.automation.kit import problems
from tests.broadcasts import kit as broadcasts

STEP = ("create_task", {"title": "Call"})


def started() -> int:
    return db.session.query(Enrollment).count()


@pytest.mark.parametrize(
    ("conditions", "starts"),
    [
        ({}, True),
        ({"country": "DE"}, True),
        ({"country": "FR"}, False),
        ({"source": "WEBSITE"}, True),
        ({"country": "DE", "source": "fair"}, False),
    ],
)
def test_a_contact_that_is_added_starts_it(app, conditions, starts):
    carla = factories.contact()
    paths.running(STEP, trigger="student_created", **conditions)
    emit(ContactCreated(contact_id=carla.id, country="DE", source="website"))
    commit()
    paths.run()
    assert started() == starts


def test_a_tag_starts_it_once(app, ada):
    carla, hot, cold = factories.contact(), factories.tag("Hot"), factories.tag("Cold")
    paths.running(STEP, trigger="tag_added", tag_id=hot.id)
    tag_contacts(cold, [carla.id], ada.actor)
    commit()
    paths.run()
    assert started() == 0
    tag_contacts(hot, [carla.id], ada.actor)
    commit()
    paths.run()
    enrolled = paths.enrollment()
    assert (enrolled.contact_id, enrolled.depth, enrolled.status) == (carla.id, 1, "completed")
    assert enrolled.cause_id


def test_joining_an_audience_starts_it(ada):
    carla, regulars, others = factories.contact(), factories.audience(), factories.audience("Others")
    paths.running(STEP, trigger="audience_joined", audience_id=regulars.id)
    add_to_audience(others, [carla.id], ada.actor)
    commit()
    paths.run()
    assert started() == 0
    add_to_audience(regulars, [carla.id], ada.actor)
    commit()
    paths.run()
    assert started() == 1
    members = TRIGGERS["audience_joined"].already({"audience_id": regulars.id})
    assert db.session.scalars(sa.select(Contact.id).where(members)).all() == [carla.id]


@pytest.mark.parametrize(
    ("conditions", "starts"), [({}, True), ({"url": "/Courses"}, True), ({"url": "/prices"}, False)]
)
def test_a_click_starts_it(app, conditions, starts):
    carla = factories.contact()
    paths.running(STEP, trigger="email_clicked", **conditions)
    emit(EmailClicked(contact_id=carla.id, subject_id=1, subject="Hello", url="https://school.example/courses"))
    commit()
    paths.run()
    assert started() == starts


@pytest.mark.parametrize("trigger", ["email_opened", "email_clicked"])
def test_what_is_opened_or_clicked_in_one_broadcast_starts_it(app, trigger):
    carla = factories.contact()
    meant, other = broadcasts.launched("Open day"), broadcasts.launched("Fair")
    paths.running(STEP, trigger=trigger, broadcast_id=meant.id)
    make = {"email_opened": EmailOpened, "email_clicked": partial(EmailClicked, url="https://school.example/")}[trigger]
    for broadcast in (other, meant):
        (message,) = broadcasts.messages(broadcast)
        emit(make(contact_id=carla.id, subject_id=message.id, subject="Hello", purpose="broadcast"))
        commit()
        paths.run()
        assert started() == (broadcast is meant)
    assert TRIGGERS[trigger].summary({"broadcast_id": meant.id}).lower().endswith(SUMMARIES[trigger])


SUMMARIES = {"email_opened": "the broadcast “open day” is opened", "email_clicked": "in the broadcast “open day”"}


def test_those_who_opened_a_broadcast_before_can_be_taken_in(app):
    carla = factories.contact()
    broadcast = broadcasts.launched()
    (message,) = broadcasts.messages(broadcast)
    message.opened_at = message.created_at
    commit()
    opened = TRIGGERS["email_opened"].already({"broadcast_id": broadcast.id})
    assert db.session.scalars(sa.select(Contact.id).where(opened)).all() == [carla.id]
    clicked = TRIGGERS["email_clicked"].already({"broadcast_id": broadcast.id})
    assert db.session.scalars(sa.select(Contact.id).where(clicked)).all() == []


def test_a_paused_workflow_starts_for_nobody(app):
    carla = factories.contact()
    pause(paths.running(STEP, trigger="student_created"))
    emit(ContactCreated(contact_id=carla.id))
    commit()
    paths.run()
    assert started() == 0


def test_bad_filters_are_refused(app):
    assert problems("student_created", {"country": "Germany"}).keys() == {"country"}
    assert problems("tag_added", {"tag_id": 99}).keys() == {"tag_id"}
    assert problems("audience_joined", {"audience_id": 99}).keys() == {"audience_id"}
    assert problems("email_clicked", {"template_id": "gone"}).keys() == {"template_id"}
    assert problems("manual", {"anything": 1}).keys() == {"anything"}
    assert TRIGGERS["manual"].problems({}) == []


def test_workflows_that_set_each_other_off_come_to_an_end(app):
    carla, ping, pong = factories.contact(), factories.tag("Ping"), factories.tag("Pong")
    paths.running(STEP, ("add_tag", {"tag_id": pong.id}), trigger="tag_added", tag_id=ping.id)
    tag_contacts(ping, [carla.id], Actor(name="Workflow", depth=10))
    commit()
    paths.run()
    enrolled = paths.enrollment()
    assert (enrolled.status, enrolled.depth) == ("failed", 11)
    assert enrolled.exit_reason.startswith("More than 10 workflows set each other off")
