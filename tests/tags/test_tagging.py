"""Tagging contacts, one or many."""

import pytest

from crm.activity.models import ContactActivity
from crm.database import commit, db
from crm.tags.models import Tag
from crm.tags.operations import (
    Refused,
    add_tag,
    create_tag,
    ensure_tag,
    remove_tag,
    tag_contacts,
    untag_contacts,
    update_tag,
)
from crm.tags.queries import tag_by_ref
from tests import factories


def facts():
    return [
        (each.activity_type, each.contact_id) for each in db.session.query(ContactActivity).order_by(ContactActivity.id)
    ]


def test_only_new_taggings_are_recorded(ada):
    hot, carla, otto = factories.tag("Hot"), factories.contact(), factories.contact(email="otto@example.com")
    assert add_tag(carla, hot, ada.actor)
    assert tag_contacts(hot, [otto.id, carla.id, otto.id], ada.actor) == [otto.id]
    commit()
    assert facts() == [("tag_added", carla.id), ("tag_added", otto.id)]


def test_only_those_who_wore_it_lose_it(ada):
    hot, carla, otto = factories.tag("Hot"), factories.contact(), factories.contact(email="otto@example.com")
    add_tag(carla, hot, ada.actor)
    assert untag_contacts(hot, [carla.id, otto.id], ada.actor) == [carla.id]
    assert not remove_tag(carla, hot, ada.actor)
    assert facts()[1:] == [("tag_removed", carla.id)]


def test_many_cost_few_statements(ada):
    hot = factories.tag("Hot")
    ids = [factories.contact(email=f"c{number}@example.com").id for number in range(30)]
    assert sorted(tag_contacts(hot, ids, ada.actor)) == ids


def test_a_tag_is_found_by_id_and_slug(app):
    hot = factories.tag("Very hot")
    assert tag_by_ref(hot.id) is tag_by_ref(str(hot.id)) is tag_by_ref("very-hot") is hot
    assert tag_by_ref("cold") is tag_by_ref(2**70) is tag_by_ref("") is None


def test_a_tag_is_made_once(app):
    assert ensure_tag("Très chaud") is ensure_tag("tres-chaud") is ensure_tag("TRES  CHAUD")
    assert db.session.query(Tag).one().slug == "tres-chaud"


@pytest.mark.parametrize("name", ["", "  ", "!!", "x" * 101, "12", "a\x00b"])
def test_what_is_no_name_is_refused(app, name):
    with pytest.raises(Refused):
        create_tag(name)


def test_a_name_is_given_once(app):
    create_tag("Hot")
    cold = create_tag("Cold")
    with pytest.raises(Refused):
        update_tag(cold, "HOT", "red")
    update_tag(cold, "Ice cold", "blue")
    assert (cold.name, cold.slug, cold.color) == ("Ice cold", "cold", "blue")
