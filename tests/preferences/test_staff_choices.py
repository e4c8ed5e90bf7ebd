"""Staff see what a contact wants and since when, change it with a reason, and read the history."""

import pytest
import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.contacts.models import Contact
from crm.database import db
from crm.duplicates.operations import merge_contacts
from crm.email.models import EmailMessage
from crm.preferences.choices import choose, preferences_of, standing
from crm.preferences.models import SWITCHES, ConsentRecord, Topic
from crm.preferences.operations import unsubscribe
from crm.preferences.proof import Source
from crm.preferences.queries import in_force
from tests import factories
from tests.email.mailroom import later, queue

HTMX = {"HX-Request": "true"}
ALL = list(SWITCHES)


@pytest.fixture
def carla(app) -> Contact:
    return factories.contact()


def url(contact, page="") -> str:
    return f"/contacts/{contact.id}/preferences{page}"


def data(without=(), **more) -> dict:
    return {
        "wants": [each for each in ALL if each not in without],
        "frequency": "all",
        "preferred_channel": "email",
        **more,
    }


def test_the_panel_tells_defaults_from_choices(as_mo, mo, carla):
    choose(carla, {"class_reminders": False}, Source("staff", mo.actor, "asked on the phone"))
    db.session.commit()
    text = as_mo.get(url(carla), headers=HTMX).text
    assert (text.count("by default"), text.count("Staff, ")) == (4, 1)


def test_a_change_needs_a_reason_which_is_kept(as_mo, carla):
    refused = as_mo.post(url(carla, "/change"), data=data({"marketing_emails"}))
    assert (refused.status_code, b"Say where this wish comes from." in refused.data) == (422, True)
    as_mo.post(url(carla, "/change"), data=data({"marketing_emails"}, reason="asked on the phone"))
    assert preferences_of(carla).marketing_emails is False
    (proof,) = db.session.scalars(sa.select(ConsentRecord))
    assert (proof.what, proof.is_on, proof.how, proof.reason, proof.actor) == (
        "marketing_emails",
        False,
        "staff",
        "asked on the phone",
        "Mo",
    )
    (fact,) = db.session.scalars(
        sa.select(ContactActivity).where(ContactActivity.activity_type == "preferences_changed")
    )
    assert fact.description == "News and offers: off"


def test_saving_what_is_there_already_proves_nothing(as_mo, carla):
    as_mo.post(url(carla, "/change"), data=data(reason="to be sure"))
    assert db.session.scalars(sa.select(ConsentRecord)).all() == []


def test_staff_unsubscribe_an_address_once(as_mo, carla):
    for _ in range(2):
        as_mo.post(url(carla, "/leaving"))
    assert in_force("carla@example.com")
    assert len(db.session.scalars(sa.select(ConsentRecord)).all()) == 1
    assert "Only the reader can come back" in as_mo.get(url(carla), headers=HTMX).text


def test_the_history_has_the_words_that_were_shown(as_mo, mo, carla):
    db.session.add(Topic(name="News", slug="news"))
    db.session.flush()
    choose(carla, {"topic:news": False}, Source("page", mo.actor, shown={"topic:news": "Topics: News. Once a month"}))
    text = as_mo.get(url(carla, "/history")).text
    assert "Topic: News" in text
    assert "Topics: News. Once a month" in text
    assert "No choice so far" in as_mo.get(url(factories.contact(email="b@example.com"), "/history")).text


def test_asking_to_confirm_sends_one_email(as_mo, carla):
    for _ in range(2):
        as_mo.post(url(carla, "/confirmation"))
    (message,) = db.session.scalars(sa.select(EmailMessage))
    assert (message.purpose, message.kind, preferences_of(carla).confirmation) == ("confirmation", "system", "pending")
    assert "Not confirmed" in as_mo.get(url(carla), headers=HTMX).text


def test_a_minors_panel_leads_to_the_guardian(as_mo, carla):
    carla.guardian_id = factories.contact(first_name="Maria", email="maria@example.com").id
    assert "Maria Diaz</a>, whose preferences count" in as_mo.get(url(carla), headers=HTMX).text


@pytest.mark.parametrize("page", ["/change", "/leaving", "/confirmation"])
def test_who_may_not_change_contacts_changes_nothing(as_vic, as_agnes, carla, page):
    assert as_vic.post(url(carla, page), data=data(reason="x")).status_code == 403
    assert as_agnes.post(url(carla, page), data=data(reason="x")).status_code == 404
    assert db.session.scalars(sa.select(ConsentRecord)).all() == []


def test_an_import_never_turns_on_what_was_refused(mo, carla):
    choose(carla, {"class_reminders": False}, Source("page", mo.actor))
    assert choose(carla, {"class_reminders": True}, Source("import", mo.actor)) == {}
    assert choose(carla, {"class_reminders": True}, Source("staff", mo.actor)) == {"class_reminders": True}


def test_what_either_of_two_merged_refused_stays_refused(mo, carla):
    twin = factories.contact(email="carla2@example.com")
    db.session.add(Topic(name="News", slug="news"))
    db.session.flush()
    choose(carla, {"payment_reminders": False}, Source("page", mo.actor))
    choose(twin, {"class_reminders": False, "topic:news": False}, Source("page", mo.actor))
    merge_contacts(carla, twin, [], mo.actor)
    stands = standing(carla)
    assert {key for key, is_on in stands.items() if not is_on} == {"payment_reminders", "class_reminders", "topic:news"}


def test_whoever_left_at_one_address_gets_no_news_at_the_other(mo, carla):
    twin = factories.contact(email="carla2@example.com")
    unsubscribe(twin, twin.email, mo.actor)
    merge_contacts(carla, twin, [], mo.actor)
    assert not standing(carla)["marketing_emails"]


def test_a_message_says_why_it_waits_and_who_reads_it(as_mo, carla):
    carla.guardian_id = factories.contact(first_name="Maria", email="maria@example.com").id
    (message,) = queue([carla])
    message.reason, message.due_at = "Quiet hours: it goes at 08:00 (UTC).", later(hours=9)
    text = as_mo.get(f"/messages/{message.id}").text
    assert ("Quiet hours: it goes at 08:00" in text, "Maria Diaz, the guardian" in text) == (True, True)
    assert "Go to the guardian, Maria Diaz" in as_mo.get(f"/contacts/{carla.id}/emails", headers=HTMX).text
