"""Two contacts who become one while the same email waits for both."""

import pytest

from crm.automation.enrolling import enroll
from crm.automation.models import Enrollment
from crm.contacts.models import Contact
from crm.database import commit, db
from crm.duplicates.operations import merge_contacts, undo_merge
from crm.email.models import EmailMessage
from tests.automation import paths
from tests.broadcasts import kit
from tests.email.mailroom import deliver, later
from tests.email.test_gone_meanwhile import claimed

MAIL = ("send_email", {"subject": "Hello", "content": "Welcome."})


@pytest.fixture
def two(app):
    return kit.people(3)[:2]


def merged(survivor, loser):
    merge = merge_contacts(survivor, loser, (), kit.BY)
    commit()
    db.session.expire_all()
    return merge


def parted(merge):
    undo_merge(merge, kit.BY)
    commit()
    db.session.expire_all()


def ended(contact, status):
    db.session.query(EmailMessage).filter_by(contact_id=contact.id).update({"status": status})
    commit()


def get_it(contact):
    """Only this contact's message is due."""
    later = db.session.query(EmailMessage).filter(EmailMessage.contact_id != contact.id)
    waiting = {each.id: each.due_at for each in later}
    later.update({"status": "held"}, synchronize_session=False)
    deliver()
    db.session.query(EmailMessage).filter(EmailMessage.id.in_(waiting)).update({"status": "pending"})
    commit()


def test_both_wait_for_a_broadcast_one_goes(two):
    broadcast = kit.launched()
    merged(*two)
    kit.send()
    assert kit.states(broadcast) == {"sent": 2, "cancelled": 1}


@pytest.mark.parametrize("end", ["failed", "skipped"])
def test_one_could_not_have_it_the_other_who_still_waits_does(two, end):
    broadcast = kit.launched()
    ended(two[0], end)
    ids = [each.id for each in two]
    merge = merged(*two)
    assert kit.states(broadcast) == {end: 1, "pending": 2}
    parted(merge)
    assert [each.visit_no for each in kit.messages(broadcast)] == [0, 0, 0]
    merged(*(db.session.get(Contact, each) for each in ids))
    kit.send()
    assert kit.states(broadcast) == {end: 1, "sent": 2}
    assert "pat0@example.com" in {each.to_address for each in kit.messages(broadcast)}


def test_merged_again_and_again_it_goes_once(app):
    one, two, three, four = kit.people(4)
    broadcast = kit.launched()
    ended(one, "failed")
    ended(three, "failed")
    merged(one, two)
    merged(three, four)
    merged(one, three)
    assert kit.states(broadcast) == {"failed": 2, "pending": 1, "cancelled": 1}
    kit.send()
    assert kit.states(broadcast) == {"failed": 2, "sent": 1, "cancelled": 1}


def test_who_had_it_by_an_earlier_merge_does_not_get_it_again(app):
    one, two, three = kit.people(3)
    broadcast = kit.launched()
    get_it(two)
    ended(one, "failed")
    merged(one, two)
    merged(three, one)
    kit.send()
    assert kit.states(broadcast) == {"failed": 1, "sent": 1, "cancelled": 1}


def test_one_has_it_the_other_does_not_get_it_again(two):
    broadcast = kit.launched()
    get_it(two[1])
    merge = merged(*two)
    assert kit.messages(broadcast)[0].reason == "Merged with Pat1 Doe, who has it already."
    assert kit.states(broadcast) == {"pending": 1, "cancelled": 1, "sent": 1}
    parted(merge)
    assert kit.states(broadcast) == {"pending": 2, "sent": 1}
    kit.send()
    kit.run()
    assert (kit.states(broadcast), broadcast.status) == ({"sent": 3}, "finished")


def test_parted_again_both_wait_while_the_mailing_goes_on(two):
    broadcast = kit.launched()
    parted(merged(*two))
    assert kit.states(broadcast) == {"pending": 3}


def test_parted_when_it_is_over_nobody_gets_it_late(two):
    broadcast = kit.launched()
    get_it(two[1])
    merge = merged(*two)
    kit.send()
    kit.run()
    parted(merge)
    kit.send()
    assert (kit.states(broadcast), broadcast.status) == ({"sent": 2, "cancelled": 1}, "finished")


def test_in_one_workflow_twice_its_email_comes_once(two):
    workflow = paths.running(MAIL, ("wait_duration", {"duration": 1, "unit": "days"}), MAIL)
    enroll(workflow, [each.id for each in two])
    commit()
    paths.run()
    kept, other = (db.session.query(EmailMessage).filter_by(contact_id=each.id).one() for each in two)
    merge = merged(*two)
    assert (kept.status, other.status) == ("pending", "cancelled")
    paths.run(later(days=2))
    assert db.session.query(EmailMessage).filter_by(purpose="workflow").count() == 3
    deliver()
    parted(merge)
    assert (kept.status, other.status) == ("sent", "pending")
    paths.run(later(days=2))
    db.session.expire_all()
    assert {each.status for each in db.session.query(Enrollment)} == {"completed"}
    assert db.session.query(EmailMessage).filter_by(contact_id=two[1].id).count() == 2


def test_what_a_worker_holds_goes_to_whoever_stays(two):
    broadcast = kit.launched()
    first = kit.messages(broadcast)[0]
    db.session.delete(first)
    commit()
    batch = [each for each in claimed() if each.row.contact_id == two[1].id]
    merged(*two)
    message = db.session.get_one(EmailMessage, batch[0].id)
    assert (message.status, message.contact_id, message.fence) == ("pending", two[0].id, 2)
    deliver()
    assert message.to_address == two[0].email
