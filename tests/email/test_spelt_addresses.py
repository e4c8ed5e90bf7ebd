"""Addresses with letters beyond ASCII in their host go out in ASCII (IDNA); what comes back about them is about the contact all the same."""

import pytest
import sqlalchemy as sa

from crm.database import commit, db
from crm.delivery.models import Suppression
from crm.email.addresses import unsubscribe_url
from crm.preferences.choices import preferences_of
from crm.preferences.models import EmailUnsubscribe
from crm.preferences.queries import in_force
from tests import factories
from tests.email.mailroom import deliver, queue, sent
from tests.providers.mail_server import MailServer

HOME, AWAY = "carla@bücher.example", "carla@xn--bcher-kva.example"


@pytest.fixture
def carla(app):
    return factories.contact(email=HOME)


def news_for(contact):
    (message,) = queue([contact], visit_no=7)
    deliver()
    return message.status, message.reason


@pytest.mark.parametrize("form", [{"List-Unsubscribe": "One-Click"}, {"reason": "too_many"}])
def test_whoever_leaves_has_left(anonymous, carla, form):
    message = sent(carla)
    assert message.to_address == AWAY
    anonymous.post(unsubscribe_url(carla.id, message.id).removeprefix("http://127.0.0.1:8000"), data=form)
    assert db.session.scalars(sa.select(EmailUnsubscribe.email)).all() == [HOME]
    assert in_force(HOME) and in_force(AWAY)
    assert news_for(carla) == ("skipped", "The contact unsubscribed.")
    assert preferences_of(carla).marketing_emails is True, "it is no other address of hers"


def test_a_dead_address_is_written_to_no_more(carla):
    queue([carla])
    with MailServer({"rcpt": b"550 5.1.1 nobody\r\n"}) as server:
        deliver(server)
    assert db.session.scalars(sa.select(Suppression.address)).all() == [HOME]
    commit()
    assert news_for(carla)[0] == "skipped"
