"""Adding a contact."""

import pytest

from crm.activity.models import ContactActivity
from crm.activity.vocabulary import Actor
from crm.contacts.operations import Refused, create_contact
from crm.database import commit, db
from tests import factories

IMPORT = Actor(name="Import")


def test_it_is_stored_clean_and_recorded(app):
    app.config["TIMEZONE"] = "Europe/Berlin"
    carla = create_contact(
        {"first_name": " Carla ", "email": "Carla@Example.COM", "phone": "0151 12345678"}, IMPORT, "web"
    )
    commit()
    assert (carla.first_name, carla.email, carla.phone) == ("Carla", "carla@example.com", "+4915112345678")
    fact = db.session.query(ContactActivity).one()
    assert (fact.activity_type, fact.title, fact.actor) == ("contact_created", "Contact created from web", "Import")


def test_the_number_is_dialled_from_the_contacts_own_country(app):
    assert create_contact({"phone": "020 7946 0000", "country": "GB"}, IMPORT).phone == "+442079460000"


def test_every_problem_is_told_at_once(app):
    with pytest.raises(Refused) as refused:
        create_contact({"email": "nobody", "birthday": "31.2.2000", "role": "crm_admin", "city": ["x"]}, IMPORT)
    assert set(refused.value.problems) == {"email", "birthday", "role", "city", "first_name"}


def test_an_address_belongs_to_one_contact(app):
    carla = factories.contact()
    with pytest.raises(Refused) as refused:
        create_contact({"email": "CARLA@example.com"}, IMPORT)
    assert refused.value.twin_id == carla.id


def test_a_contact_without_any_name_is_refused(app):
    with pytest.raises(Refused):
        create_contact({"city": "Lima"}, IMPORT)


def test_an_owner_is_somebody_at_the_school(app, mo):
    assert create_contact({"first_name": "C", "owner": "mo@school.example"}, IMPORT).owner_id == mo.id
    with pytest.raises(Refused):
        create_contact({"first_name": "C", "owner": "99"}, IMPORT)
