"""What happens to contacts while their message is in a worker's hands: the result is written down all the same, and of the right person."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.activity.vocabulary import Actor
from crm.database import commit, db
from crm.delivery import ledger
from crm.delivery.models import SendingDay, Suppression
from crm.delivery.operations import suppress
from crm.duplicates.operations import merge_contacts
from crm.email import results
from crm.email.claiming import claim_batch, messages
from crm.email.models import EmailMessage
from crm.email.results import Outcome
from crm.email.turns import Turns
from crm.email.writing import Writer
from crm.lib import clock
from crm.preferences.choices import choose
from crm.preferences.operations import unsubscribe
from crm.preferences.proof import Source
from crm.privacy.operations import erase_contact
from crm.providers.mail import Accepted, Refused
from tests import factories
from tests.email.mailroom import SENDER, queue

BY = Actor(name="Ada")
TAKEN = Accepted(250, "queued for carla@example.com")


def claimed(at=None):
    """What is due, claimed and written out as a worker does it."""
    now, writer = at or clock.now(), Writer(SENDER)
    _, batch = claim_batch(now, 10, Turns())
    commit()
    for each in batch:
        writer.written(each, now)
    return batch


def marked(at=None):
    batch = claimed(at)
    mine = results.mark_sending(batch, at or clock.now(), 5)
    commit()
    return [each for each in batch if each.message_id in mine]


def record(outgoings, result):
    results.record([Outcome(each, result, clock.now(), "smtp") for each in outgoings])
    commit()
    db.session.expire_all()


def told() -> list[tuple[int, str]]:
    found = sa.select(ContactActivity.contact_id, ContactActivity.activity_type)
    sent = found.where(ContactActivity.activity_type.in_(("email_sent", "email_bounced")))
    return [tuple(row) for row in db.session.execute(sent.order_by(ContactActivity.contact_id))]


@pytest.fixture
def carla(app):
    return factories.contact()


@pytest.fixture
def dora(app):
    return factories.contact(first_name="Dora", email="dora@example.com")


def test_one_who_is_erased_is_told_of_no_more_and_the_others_are(carla, dora):
    first, second = queue([carla, dora])
    batch = marked()
    erase_contact(carla, BY)
    commit()
    record(batch, TAKEN)
    assert (first.status, first.contact_id, first.reply) == ("sent", None, None)
    assert second.status == "sent"
    assert told() == [(dora.id, "email_sent")]


@pytest.mark.parametrize(("result", "status"), [(Refused(550, "5.1.1 carla@example.com is not here", "rcpt"), "failed"), (Refused(451, "4.2.0 carla@example.com is busy", "rcpt"), "cancelled")])  # fmt: skip
def test_what_is_refused_of_one_who_is_erased_keeps_no_address(carla, result, status):
    (message,) = queue([carla])
    batch = marked()
    erase_contact(carla, BY)
    commit()
    record(batch, result)
    assert (message.status, message.reason, message.reply) == (status, None, None)
    assert not [each for each in db.session.scalars(sa.select(Suppression)) if "carla" in each.address + each.reason]


@pytest.mark.parametrize(("result", "kind"), [(TAKEN, "email_sent"), (Refused(550, "5.1.1 nobody", "rcpt"), "email_bounced")])  # fmt: skip
def test_of_two_who_are_merged_whoever_stays_is_told_of(carla, dora, result, kind):
    (message,) = queue([dora])
    batch = marked()
    merge_contacts(carla, dora, (), BY)
    commit()
    record(batch, result)
    assert message.contact_id == carla.id
    assert told() == [(carla.id, kind)]


def test_a_message_that_is_in_one_workers_hands_twice_is_written_once(carla):
    queue([carla])
    first = claimed()
    later = clock.now() + timedelta(minutes=1)
    ledger.sweep(messages, later)
    commit()
    both = [*first, *claimed(later)]
    assert len(both) == 2
    mine = results.mark_sending(both, later, 5)
    assert mine == {both[1].message_id}
    record(both, TAKEN)
    assert told() == [(carla.id, "email_sent")]
    assert db.session.query(EmailMessage).one().message_id == both[1].message_id


def _leave(contact):
    unsubscribe(contact, contact.email, by=BY)


def _bounce(contact):
    suppress(contact.email, "No such mailbox")


def _switch_off(contact):
    choose(contact, {"marketing_emails": False}, Source("page", BY))


@pytest.mark.parametrize(
    ("refuse", "reason"),
    [(_leave, "unsubscribed"), (_bounce, "suppressed: No such mailbox"), (_switch_off, "no news and offers")],
)
def test_whoever_refuses_after_the_claim_gets_nothing(carla, dora, refuse, reason):
    first, second = queue([carla, dora])
    batch = claimed()
    refuse(carla)
    commit()
    mine = results.mark_sending(batch, clock.now(), 5)
    commit()
    db.session.expire_all()
    assert mine == {each.message_id for each in batch if each.id == second.id}
    assert (first.status, second.status) == ("skipped", "sending")
    assert reason in first.reason
    assert first.lease_until is None


def test_what_must_be_sent_goes_to_whoever_left_meanwhile(carla):
    queue([carla], is_marketing=False)
    batch = claimed()
    _leave(carla)
    commit()
    assert len(results.mark_sending(batch, clock.now(), 5)) == 1


def test_who_gets_nothing_does_not_count_for_the_day(app, carla, dora):
    app.config["MAIL_PER_DAY"] = 10
    queue([carla, dora])
    batch = claimed()
    assert db.session.query(SendingDay).one().count == 2
    _leave(carla)
    commit()
    results.mark_sending(batch, clock.now(), 5)
    commit()
    db.session.expire_all()
    assert db.session.query(SendingDay).one().count == 1
