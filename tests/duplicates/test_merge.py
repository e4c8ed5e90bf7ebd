"""Two contacts become one with everything that hung on both, and two again."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.activity.vocabulary import SYSTEM
from crm.contacts.fieldset import BY_KEY, detail_named
from crm.contacts.models import Contact
from crm.contacts.operations import update_contact
from crm.custom_fields.operations import create_field
from crm.database import commit, db
from crm.duplicates.models import ContactMerge
from crm.duplicates.moving import OWN, links
from crm.duplicates.operations import forget_old, merge_contacts, undo_merge
from crm.email.models import EmailContent, EmailMessage
from crm.lib import clock
from crm.preferences.models import EmailUnsubscribe
from crm.preferences.operations import unsubscribe
from crm.privacy.operations import erase_address
from crm.tags.operations import add_tag
from crm.tags.queries import tags_of
from tests import factories


@pytest.fixture
def two(app, mo):
    hot, cold, new = factories.tag("Hot"), factories.tag("Cold"), factories.tag("New")
    carla = factories.contact(phone="+51911111111")
    twin = factories.contact(first_name="Karla", email="karla@example.com", phone="+51911111111", city="Lima")
    for contact, tags in ((carla, (hot, new)), (twin, (hot, cold))):
        for tag in tags:
            add_tag(contact, tag, mo.actor)
    content = EmailContent(digest="x", subject="Hello", body="Hi")
    db.session.add(content)
    db.session.flush()
    db.session.add(EmailMessage(purpose="workflow", contact_id=twin.id, content_id=content.id, status="sent"))
    unsubscribe(twin, twin.email, mo.actor)
    update_contact(twin, {"birthday": "2001-03-04"}, mo.actor)
    commit()
    return carla, twin


def names(contact_id):
    return {each.name for each in tags_of([contact_id])[contact_id]}


def test_every_column_that_names_a_contact_is_moved(app):
    named = {
        (table.name, key.parent.name)
        for table in db.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name == "contacts"
    }
    assert {(table.name, column.name) for table, column in links()} == {each for each in named if each[0] not in OWN}


def test_everything_that_hangs_on_both_is_one(two, mo):
    carla, twin = two
    merge_contacts(carla, twin, [BY_KEY["email"], BY_KEY["birthday"]], mo.actor)
    commit()
    assert db.session.scalars(sa.select(Contact.id)).all() == [carla.id]
    assert (carla.email, carla.first_name, str(carla.birthday)) == ("karla@example.com", "Carla", "2001-03-04")
    assert names(carla.id) == {"Hot", "Cold", "New"}
    assert db.session.query(EmailMessage).one().contact_id == carla.id
    assert db.session.query(EmailUnsubscribe).one().contact_id == carla.id
    kinds = db.session.scalars(sa.select(ContactActivity.activity_type).where(ContactActivity.contact_id == carla.id))
    assert sorted(kinds) == [
        "contact_merged", "contact_updated", "contact_updated", "email_unsubscribed", "preferences_changed", *["tag_added"] * 4,
    ]  # fmt: skip


def test_undone_each_has_their_own_again(two, mo):
    carla, twin = two
    karla = twin.id
    merge = merge_contacts(carla, twin, [BY_KEY["email"], BY_KEY["city"]], mo.actor)
    commit()
    add_tag(carla, factories.tag("Later"), mo.actor)
    update_contact(carla, {"city": "Cusco"}, mo.actor)
    commit()
    back = undo_merge(merge, mo.actor)
    commit()
    db.session.expire_all()
    assert (carla.email, carla.city) == ("carla@example.com", "Cusco")
    assert (back.email, back.city, back.first_name) == ("karla@example.com", "Lima", "Karla")
    assert names(carla.id) == {"Hot", "New", "Later"}
    assert names(back.id) == {"Hot", "Cold"}
    assert db.session.query(EmailMessage).one().contact_id == back.id == karla
    assert db.session.query(EmailUnsubscribe).one().contact_id == back.id
    assert db.session.query(ContactMerge).count() == 0


def test_on_screen(two, as_mo):
    carla, twin = two
    pair = f"/duplicates/{carla.id}/{twin.id}"
    assert "Same phone number" in as_mo.get(f"/contacts/{carla.id}/duplicates").text
    page = as_mo.get(pair).text
    assert "similar name" in page
    assert "karla@example.com" in page
    reply = as_mo.post(pair, data={"first_name": "second", "email": "first", "city": "second"})
    assert reply.location == f"/contacts/{carla.id}"
    assert (carla.name, carla.email, carla.city) == ("Karla Diaz", "carla@example.com", "Lima")
    assert as_mo.post(pair).status_code == 404
    merge = db.session.query(ContactMerge).one().id
    assert "Undo the merge of Karla Diaz" in as_mo.get("/duplicates").text
    as_mo.post(f"/duplicates/merges/{merge}/undo")
    assert db.session.query(Contact).count() == 2
    assert as_mo.post(f"/duplicates/merges/{merge}/undo").status_code == 404


def test_two_chosen_in_the_list_can_be_merged_though_nothing_hints_at_it(two, as_mo):
    carla, twin = two
    third = factories.contact(first_name="Zed", email="zed@example.com")
    commit()
    pair = f"/duplicates/{carla.id}/{third.id}"
    assert pair in as_mo.post("/contacts/bulk/new", data={"ids": [carla.id, third.id]}).text
    assert pair in as_mo.post("/contacts/bulk/new", data={"ids": [third.id, carla.id]}).text
    assert "Zed" in as_mo.get(pair).text
    assert "Merge the two" not in as_mo.post("/contacts/bulk/new", data={"ids": [carla.id, twin.id, third.id]}).text


def test_who_may_not_merge(two, as_agnes, agnes):
    carla, twin = two
    carla.owner_id = agnes.id
    commit()
    assert as_agnes.post(f"/duplicates/{carla.id}/{twin.id}").status_code == 403
    page = as_agnes.get(f"/contacts/{carla.id}/duplicates").text
    assert "Karla" not in page
    assert as_agnes.get(f"/contacts/{twin.id}/duplicates").status_code == 404


def test_a_contact_is_not_merged_with_itself(two, as_mo):
    carla, _ = two
    assert as_mo.post(f"/duplicates/{carla.id}/{carla.id}").status_code == 404


def test_two_who_are_not_one_are_not_suggested_again(two, as_mo):
    carla, twin = two
    as_mo.post(f"/duplicates/{carla.id}/{twin.id}/dismissal")
    assert "Nobody else" in as_mo.get(f"/contacts/{carla.id}/duplicates").text


def test_an_old_merge_is_forgotten_and_an_erased_one_at_once(two, mo):
    carla, twin = two
    merge_contacts(carla, twin, [], mo.actor)
    commit()
    forget_old()
    assert db.session.query(ContactMerge).count() == 1
    erase_address("karla@example.com", SYSTEM)
    assert db.session.query(ContactMerge).count() == 0
    forget_old(clock.now() + timedelta(days=31))


def test_the_schools_own_fields_are_chosen_too(two, mo):
    carla, twin = two
    create_field("Shirt", "text")
    create_field("Level", "choices", choices=["A", "B"])
    shirt, level = detail_named("fields.shirt"), detail_named("fields.level")
    update_contact(carla, {"fields.shirt": "M"}, mo.actor)
    update_contact(twin, {"fields.shirt": "L", "fields.level": ["A", "B"]}, mo.actor)
    commit()
    merge = merge_contacts(carla, twin, [level], mo.actor)
    commit()
    db.session.expire_all()
    assert (shirt.text_of(carla), level.value_of(carla)) == ("M", ["A", "B"])
    back = undo_merge(merge, mo.actor)
    commit()
    db.session.expire_all()
    assert (shirt.text_of(back), level.value_of(back)) == ("L", ["A", "B"])
    assert (shirt.text_of(carla), level.text_of(carla)) == ("M", "")
