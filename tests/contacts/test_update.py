"""Changing a contact."""

import pytest
import sqlalchemy as sa

from crm.activity.dispatcher import dispatch
from crm.activity.models import ContactActivity
from crm.activity.operations import emit_all
from crm.activity.vocabulary import SYSTEM, EmailSent
from crm.contacts.models import Contact
from crm.contacts.operations import Overtaken, Refused, delete_contact, update_contact
from crm.contacts.search import found_by
from crm.database import commit, db
from tests import factories


def test_what_changed_is_recorded_with_old_and_new(app, mo):
    carla = factories.contact()
    update_contact(carla, {"owner": str(mo.id), "city": "Lima", "last_name": "Diaz"}, SYSTEM)
    commit()
    fact = db.session.query(ContactActivity).one()
    assert fact.metadata_["changes"] == {"owner": ["", "Mo"], "city": ["", "Lima"]}


def test_changing_nothing_records_nothing(app):
    assert update_contact(factories.contact(), {"city": ""}, SYSTEM) == {}
    assert db.session.query(ContactActivity).count() == 0


def test_it_is_found_by_its_new_name(app):
    carla = factories.contact()
    update_contact(carla, {"last_name": "Nuñez"}, SYSTEM)
    assert db.session.scalar(sa.select(Contact.id).where(found_by("nunez"))) == carla.id


def test_the_second_of_two_editors_is_told(app):
    carla = factories.contact(city="Lima")
    update_contact(carla, {"city": "Quito"}, SYSTEM, seen={"city": "Lima"})
    with pytest.raises(Overtaken):
        update_contact(carla, {"city": "La Paz"}, SYSTEM, seen={"city": "Lima"})
    update_contact(carla, {"city": "Quito"}, SYSTEM, seen={"city": "Lima"})
    assert carla.city == "Quito"


def test_the_last_name_of_a_contact_stays(app):
    carla = factories.contact(last_name="", email=None)
    with pytest.raises(Refused):
        update_contact(carla, {"first_name": ""}, SYSTEM)


def test_the_last_activity_moves_on_and_never_back(app):
    carla = factories.contact()
    emit_all([EmailSent(contact_id=carla.id, subject="Hi")])
    commit()
    dispatch()
    db.session.expire_all()
    newest = db.session.query(ContactActivity).one().created_at
    assert carla.last_activity_at == newest
    emit_all([EmailSent(contact_id=carla.id, subject="Older")], at=newest.replace(year=2020))
    commit()
    dispatch()
    db.session.expire_all()
    assert carla.last_activity_at == newest


def test_deleting_takes_everything_recorded_with_it(app):
    carla = factories.contact()
    update_contact(carla, {"city": "Lima"}, SYSTEM)
    delete_contact(carla)
    commit()
    assert db.session.query(ContactActivity).count() == 0
    assert db.session.scalar(sa.text("SELECT count(*) FROM contacts_search")) == 0
