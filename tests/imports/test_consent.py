"""An import says where consent comes from, or asks for it, and never overwrites a refusal."""

import sqlalchemy as sa

from crm.database import commit, db
from crm.email.models import EmailMessage
from crm.imports import operations, runs
from crm.preferences.choices import choose, preferences_of
from crm.preferences.models import CommunicationPreferences, ConsentRecord, EmailUnsubscribe
from crm.preferences.proof import Source
from crm.preferences.queries import in_force
from tests import factories
from tests.imports.files import received

PEOPLE = "First name,Email\nZoë,zoe@example.com\nCarla,carla@example.com\nLeft,left@example.com\nNoEmail,\n"


def imported(ada, **consent):
    db.session.add(EmailUnsubscribe(email="left@example.com"))
    found = received(PEOPLE, ada)
    operations.describe(found, found.mapping, existing="overwrite", **consent)
    operations.start(found)
    commit()
    runs.run(found.id, is_gentle=False)


def test_where_it_comes_from_is_kept_for_the_new_ones(ada):
    factories.contact()
    imported(ada, consent_note="Open day 2026")
    (proof,) = db.session.scalars(sa.select(ConsentRecord))
    assert (proof.address, proof.how, proof.reason, proof.is_on) == ("zoe@example.com", "import", "Open day 2026", True)


def test_new_contacts_are_asked_once_and_get_no_marketing_before(ada):
    factories.contact()
    imported(ada, asks_confirmation=True)
    (message,) = db.session.scalars(sa.select(EmailMessage))
    (row,) = db.session.scalars(sa.select(CommunicationPreferences))
    assert (message.contact.email, message.kind, row.confirmation) == ("zoe@example.com", "system", "pending")


def test_a_refusal_stays(ada):
    carla = factories.contact()
    choose(carla, {"marketing_emails": False}, Source("page", ada.actor))
    imported(ada, consent_note="Open day 2026", asks_confirmation=True)
    assert preferences_of(carla).marketing_emails is False
    assert in_force("left@example.com")


def test_the_page_asks(as_ada, ada):
    found = received(PEOPLE, ada)
    commit()
    assert "Where their consent comes from" in as_ada.get(f"/imports/{found.id}/mapping").text
