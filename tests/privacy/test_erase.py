"""A person who asks to be forgotten is forgotten, down to the bytes of the database; the numbers stay."""

import json

import pytest
import sqlalchemy as sa

from crm.activity.operations import emit
from crm.activity.vocabulary import SYSTEM, EmailClicked
from crm.api.models import IdempotencyKey
from crm.contacts.models import Contact
from crm.contacts.operations import delete_contact, update_contact
from crm.database import commit, db
from crm.delivery.operations import suppress
from crm.delivery.queries import suppressed_among
from crm.email.models import EmailContent, EmailLinkClick, EmailMessage
from crm.exports import operations as exports
from crm.exports import runs
from crm.lib import clock
from crm.notifications.models import Notification
from crm.preferences.choices import choose
from crm.preferences.models import EmailUnsubscribe
from crm.preferences.operations import unsubscribe
from crm.preferences.proof import Source
from crm.privacy.models import Erasure
from crm.privacy.operations import erase_address, erase_contact
from crm.privacy.wiping import wipe
from crm.recovery.models import DeletedRecord
from tests import factories

CANARY = "canaryquux"
EMAIL = f"{CANARY}@example.com"


def sent(contact, **values):
    content = EmailContent(digest="x", subject="Hello", body="Hi")
    db.session.add(content)
    db.session.flush()
    message = EmailMessage(
        purpose="workflow", contact_id=contact.id, content_id=content.id, status="sent", to_address=contact.email,
        merge_values={"name": CANARY}, opened_count=2, **values,
    )  # fmt: skip
    db.session.add(message)
    db.session.flush()
    click = {"url": f"https://x.example/?who={CANARY}", "ip_address": "203.0.113.9", "user_agent": CANARY}
    db.session.add(EmailLinkClick(email_message_id=message.id, contact_id=contact.id, **click))
    return message


@pytest.fixture
def carla(app, mo):
    contact = factories.contact(first_name=CANARY, email=EMAIL, city=CANARY)
    update_contact(contact, {"last_name": CANARY.upper()}, mo.actor)
    sent(contact)
    emit(EmailClicked(contact_id=contact.id, subject="Hello", url=f"https://x.example/{CANARY}"))
    unsubscribe(contact, EMAIL, mo.actor, feedback=CANARY)
    choose(contact, {"class_reminders": False}, Source("staff", mo.actor, CANARY, "203.0.113.9", {"": CANARY}))
    suppress(EMAIL, f"{CANARY} bounced")
    commit()
    return contact


def test_the_pack_holds_every_trace(as_mo, carla):
    reply = as_mo.get(f"/contacts/{carla.id}/data")
    told = json.loads(reply.data)
    assert told["contact"]["Email"] == EMAIL
    assert {
        "contact_activities", "email_messages", "email_link_clicks", "email_unsubscribes", "suppressions",
        "consent_records", "communication_preferences",
    } <= set(told["records"])  # fmt: skip
    assert told["records"]["email_link_clicks"][0]["ip_address"] == "203.0.113.9"
    assert told["records"]["email_contents"][0]["body"] == "Hi"


def test_nothing_of_the_person_is_left_in_the_files(app, mo, carla):
    export = exports.ask_for("csv", {}, mo)
    commit()
    runs.run(export.id)
    erase_contact(carla, SYSTEM)
    commit()
    wipe()
    folder = app.config["INSTANCE_PATH"]
    for path in folder.rglob("*"):
        if path.is_file():
            assert CANARY.encode() not in path.read_bytes().lower(), path
    assert b"203.0.113.9" not in (folder / "crm.db").read_bytes()
    assert db.session.query(Contact).count() == 0


def test_the_numbers_stay(app, carla, as_mo):
    message = db.session.query(EmailMessage).one().id
    erase_contact(carla, SYSTEM)
    commit()
    db.session.expire_all()
    kept = db.session.get(EmailMessage, message)
    assert (kept.status, kept.opened_count, kept.contact_id) == ("sent", 2, None)
    assert db.session.query(Erasure).one().counts["email_messages"] == 1
    assert "1 email," in as_mo.get("/erasures").text
    assert as_mo.get(f"/messages/{message}").status_code == 200
    assert as_mo.get("/messages").status_code == 200


def test_the_address_stays_suppressed_by_a_keyed_hash(app, carla):
    erase_contact(carla, SYSTEM)
    commit()
    assert suppressed_among([EMAIL.upper(), "omar@example.com"]) == {EMAIL: "Erased on request"}
    app.config["SECRET_KEY_FALLBACKS"] = [app.config["SECRET_KEY"]]
    app.config["SECRET_KEY"] = "another secret of thirty-two letters"
    assert EMAIL in suppressed_among([EMAIL])


def test_what_was_waiting_is_not_sent(app, carla):
    db.session.query(EmailMessage).one().status = "pending"
    commit()
    erase_contact(carla, SYSTEM)
    commit()
    db.session.expire_all()
    assert db.session.query(EmailMessage).one().status == "cancelled"


def test_somebody_deleted_before_is_erased_too(app, carla):
    delete_contact(carla)
    commit()
    assert erase_address(EMAIL.upper(), SYSTEM)
    commit()
    assert db.session.query(DeletedRecord).count() == 0
    assert erase_address(EMAIL, SYSTEM) is None
    assert EMAIL in suppressed_among([EMAIL])


def test_on_screen_it_takes_the_name(as_mo, carla):
    page = f"/contacts/{carla.id}/erasure"
    assert "cannot be undone" in as_mo.get(page).text
    assert as_mo.post(page, data={"name": "x"}).status_code == 422
    assert as_mo.post(page, data={"name": carla.name.lower()}).location == "/erasures"
    assert db.session.query(Contact).count() == 0
    assert as_mo.post(page, data={"name": "x"}).status_code == 404


def test_an_agent_neither_takes_nor_erases(as_agnes, agnes):
    mine = factories.contact(owner_id=agnes.id)
    assert as_agnes.get(f"/contacts/{mine.id}/data").status_code == 403
    assert as_agnes.post(f"/contacts/{mine.id}/erasure", data={"name": mine.name}).status_code == 403


def test_what_staff_and_programs_were_told_goes_too(app, mo, carla):
    said = {"user_id": mo.id, "type": "mention"}
    db.session.add(Notification(title="Note", message=f"About {carla.name}", **said))
    db.session.add(Notification(title="Note", message="Something else", **said))
    key = {"user_id": mo.id, "key": "k", "fingerprint": "f", "lease_until": clock.now()}
    db.session.add(IdempotencyKey(body=f'{{"email": "{EMAIL}"}}', **key))
    commit()
    erase_contact(carla, SYSTEM)
    commit()
    assert db.session.scalars(sa.select(Notification.message)).all() == ["Something else"]
    assert db.session.query(IdempotencyKey).count() == 0


def test_others_are_left_alone(app, mo, carla):
    omar = factories.contact(first_name="Omar", email="omar@example.com")
    commit()
    erase_contact(carla, SYSTEM)
    commit()
    assert db.session.scalars(sa.select(Contact.id)).all() == [omar.id]


def test_an_address_left_before_goes_too_and_stays_suppressed(app, mo):
    anna = factories.contact(first_name="Anna", email="anna@old.example")
    unsubscribe(anna, "anna@old.example", mo.actor, reason="other", feedback="My private reasons")
    update_contact(anna, {"email": "anna@new.example"}, mo.actor)
    commit()
    erase_contact(anna, mo.actor)
    commit()
    assert db.session.query(EmailUnsubscribe).count() == 0
    assert suppressed_among(["anna@old.example"])


def test_an_opt_out_of_an_address_somebody_else_has_now_stays_without_the_words(app, mo):
    anna = factories.contact(first_name="Anna", email="family@old.example")
    unsubscribe(anna, "family@old.example", mo.actor, reason="other", feedback="My private reasons")
    update_contact(anna, {"email": "anna@new.example"}, mo.actor)
    factories.contact(first_name="Ben", email="family@old.example")
    erase_contact(anna, mo.actor)
    commit()
    left = db.session.scalars(sa.select(EmailUnsubscribe).where(EmailUnsubscribe.email == "family@old.example")).one()
    assert (left.reason, left.feedback, left.contact_id) == (None, None, None)
