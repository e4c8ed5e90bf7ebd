"""What was deleted comes back as it was, for thirty days."""

from datetime import date, time, timedelta

import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.activity.vocabulary import SYSTEM
from crm.automation.models import Enrollment
from crm.contacts.models import Contact
from crm.contacts.operations import delete_contact
from crm.contacts.recovering import restore_contact
from crm.database import commit, db, table_of
from crm.lib import clock
from crm.preferences.models import EmailUnsubscribe
from crm.preferences.operations import unsubscribe
from crm.recovery.belongings import dependants
from crm.recovery.models import DeletedRecord
from crm.recovery.operations import forget_old
from crm.tags.operations import add_tag, delete_tag
from crm.tags.queries import tags_of
from crm.tasks.models import Task
from tests import factories


def deleted(contact, by=SYSTEM):
    delete_contact(contact, by)
    commit()
    return db.session.query(DeletedRecord).one().id


def test_every_table_that_names_a_contact_is_kept(app):
    kept = {table.name for table, _ in dependants("contacts")}
    hanging = {
        table.name
        for table in db.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name == "contacts" and key.ondelete == "CASCADE"
    }
    assert hanging <= kept
    assert {"contact_activities", "contact_taggings", "email_link_clicks", "automation_step_logs"} <= kept


def test_a_contact_comes_back_with_tags_timeline_and_opt_out(as_mo, mo):
    carla = factories.contact()
    add_tag(carla, factories.tag("Hot"), mo.actor)
    unsubscribe(carla, carla.email, mo.actor)
    commit()
    kept = deleted(carla, mo.actor)
    assert "carla@example.com" in as_mo.get("/contacts/deleted").text
    assert "Carla Diaz" not in as_mo.get("/contacts").text
    reply = as_mo.post(f"/contacts/deleted/{kept}/restoration")
    back = db.session.query(Contact).one()
    assert reply.location == f"/contacts/{back.id}"
    assert [each.name for each in tags_of([back.id])[back.id]] == ["Hot"]
    kinds = set(db.session.scalars(sa.select(ContactActivity.activity_type)))
    assert kinds == {"tag_added", "email_unsubscribed", "contact_restored"}
    assert db.session.query(EmailUnsubscribe).one().contact_id == back.id
    assert "Carla Diaz" in as_mo.get("/contacts?q=carla").text
    assert as_mo.post(f"/contacts/deleted/{kept}/restoration").status_code == 404


def test_ids_given_away_meanwhile_are_replaced(as_mo, mo):
    carla = factories.contact()
    add_tag(carla, factories.tag("Hot"), mo.actor)
    commit()
    kept = deleted(carla)
    other = factories.contact(first_name="Omar", email="omar@example.com")
    add_tag(other, factories.tag("Cold"), mo.actor)
    commit()
    as_mo.post(f"/contacts/deleted/{kept}/restoration")
    back = db.session.query(Contact).filter_by(email="carla@example.com").one()
    assert back.id != other.id
    assert [each.name for each in tags_of([back.id])[back.id]] == ["Hot"]


def test_what_has_gone_meanwhile_stays_gone(as_mo, mo):
    carla, hot = factories.contact(owner_id=mo.id), factories.tag("Hot")
    add_tag(carla, hot, mo.actor)
    commit()
    kept = deleted(carla)
    delete_tag(hot, mo.actor)
    commit()
    assert as_mo.post(f"/contacts/deleted/{kept}/restoration").status_code == 302
    back = db.session.query(Contact).one()
    assert tags_of([back.id]).get(back.id, []) == []


def test_an_address_taken_meanwhile_is_said(as_mo):
    kept = deleted(factories.contact())
    twin = factories.contact(first_name="Other")
    reply = as_mo.post(f"/contacts/deleted/{kept}/restoration")
    assert reply.status_code == 409
    assert f'href="/contacts/{twin.id}"' in reply.text
    assert db.session.query(Contact).count() == 1


def test_an_agent_neither_sees_nor_restores(as_agnes):
    kept = deleted(factories.contact())
    assert as_agnes.get("/contacts/deleted").status_code == 403
    assert as_agnes.post(f"/contacts/deleted/{kept}/restoration").status_code == 403


def test_after_thirty_days_it_is_gone_for_good(as_mo):
    kept = deleted(factories.contact())
    assert forget_old(clock.now() + timedelta(days=29)) == 0
    db.session.get(DeletedRecord, kept).deleted_at = clock.now() - timedelta(days=31)
    commit()
    assert as_mo.post(f"/contacts/deleted/{kept}/restoration").status_code == 404
    assert forget_old() == 1


def test_a_task_keeps_its_hour(app):
    carla = factories.contact()
    db.session.add(Task(contact_id=carla.id, title="Call", due_date=date(2026, 3, 4), due_time=time(9, 30)))
    commit()
    restore_contact(db.session.get(DeletedRecord, deleted(carla)), SYSTEM)
    commit()
    task = db.session.query(Task).one()
    assert (task.due_date, task.due_time) == (date(2026, 3, 4), time(9, 30))


def test_enrollments_rest_meanwhile(app):
    assert table_of(Enrollment) in [table for table, _ in dependants("contacts")]


def test_the_number_of_a_deleted_contact_is_never_another_persons(app, mo):
    carla = factories.contact()
    number = carla.id
    kept = delete_contact(carla, mo.actor)
    commit()
    dora = factories.contact(first_name="Dora", email="dora@example.com")
    assert dora.id > number
    assert restore_contact(kept, mo.actor).id == number
