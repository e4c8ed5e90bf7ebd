"""Whoever left stays away at another address, too: one they have by now, or are given later."""

import pytest
import sqlalchemy as sa

from crm.activity.dispatcher import dispatch
from crm.contacts.models import Contact
from crm.contacts.operations import update_contact
from crm.database import commit, db
from crm.email.addresses import unsubscribe_url
from crm.preferences.models import ConsentRecord
from tests import factories
from tests.email.mailroom import deliver, queue, sent

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def carla(app) -> Contact:
    return factories.contact()


@pytest.fixture
def url(carla) -> str:
    return link(carla, sent(carla))


def link(contact, message):
    return unsubscribe_url(contact.id, message.id).removeprefix("http://127.0.0.1:8000")


def news_for(contact, number=7):
    (message,) = queue([contact], visit_no=number)
    deliver()
    return message.status, message.reason


@pytest.mark.parametrize("form", [ONE_CLICK, {"reason": "too_many"}])
def test_whoever_has_another_address_by_now_leaves_there_too_and_comes_back_there(anonymous, url, carla, mo, form):
    update_contact(carla, {"email": "new@example.com"}, mo.actor)
    commit()
    for _ in range(2):
        anonymous.post(url, data=form)
    assert news_for(carla) == ("skipped", "The contact wants no news and offers.")
    proofs = db.session.scalars(sa.select(ConsentRecord).order_by(ConsentRecord.id)).all()
    assert [(each.what, each.address, each.is_on) for each in proofs] == [
        ("subscription", "carla@example.com", False),
        ("marketing_emails", "carla@example.com", False),
    ]
    anonymous.post(f"{url}/return")
    assert news_for(carla, 8)[0] == "sent"


@pytest.mark.parametrize("form", [ONE_CLICK, {"reason": "too_many"}])
def test_whoever_reads_a_minors_mail_at_another_address_by_now_leaves_too(anonymous, carla, mo, form):
    vera = factories.contact(first_name="Vera", email="vera@example.com")
    carla.guardian_id = vera.id
    commit()
    mail = sent(carla, visit_no=3)
    assert mail.to_address == "vera@example.com"
    update_contact(vera, {"email": "v.diaz@example.com"}, mo.actor)
    commit()
    anonymous.post(link(carla, mail), data=form)
    assert news_for(carla)[0] == "skipped"


def test_whoever_left_stays_away_when_the_address_is_changed(anonymous, url, carla, mo):
    anonymous.post(url, data=ONE_CLICK)
    dora = factories.contact(first_name="Dora", email="dora@example.com")
    for each, address in ((carla, "new@example.com"), (dora, "d.new@example.com")):
        update_contact(each, {"email": address}, mo.actor)
    commit()
    dispatch()
    assert news_for(carla) == ("skipped", "The contact wants no news and offers.")
    assert news_for(dora)[0] == "sent"
    proof = db.session.scalar(sa.select(ConsentRecord).where(ConsentRecord.what == "marketing_emails"))
    assert (proof.contact_id, proof.is_on, proof.reason) == (carla.id, False, "Left as carla@example.com")


def test_unticking_news_on_the_page_of_an_old_mail_counts_too(anonymous, url, carla, mo):
    update_contact(carla, {"email": "new@example.com"}, mo.actor)
    commit()
    assert anonymous.post(f"{url}/preferences", data={"wants": ["email_enabled"]}).status_code == 303
    assert news_for(carla)[0] == "skipped"
