"""Tags on the profile and for the chosen contacts of the list."""

import re

import pytest

from crm.activity.models import ContactActivity
from crm.database import db
from crm.tags.models import Tag, Tagging
from crm.tags.operations import add_tag
from crm.tags.queries import tag_named
from tests import factories

HTMX = {"HX-Request": "true"}


@pytest.fixture
def carla(app):
    return factories.contact()


def worn():
    db.session.expire_all()
    return sorted((each.contact_id, each.tag_id) for each in db.session.query(Tagging))


def test_a_tag_is_added_and_taken_off_in_place(as_ada, carla):
    hot = factories.tag("Hot", color="red")
    reply = as_ada.post(f"/contacts/{carla.id}/tags", data={"tag": "hot"}, headers=HTMX)
    assert 'data-color="red"' in reply.text
    assert worn() == [(carla.id, hot.id)]
    as_ada.post(f"/contacts/{carla.id}/tags/{hot.id}/removal", headers=HTMX)
    as_ada.post(f"/contacts/{carla.id}/tags/{hot.id}/removal", headers=HTMX)
    assert worn() == []


def test_a_new_tag_is_made_on_the_way(as_ada, carla):
    assert as_ada.post(f"/contacts/{carla.id}/tags", data={"tag": "Evening class"}).location == f"/contacts/{carla.id}"
    assert db.session.query(Tag).one().slug == "evening-class"


def test_an_agent_uses_tags_but_makes_none(as_agnes, agnes):
    mine, hot = factories.contact(email="m@example.com", owner_id=agnes.id), factories.tag("Hot")
    reply = as_agnes.post(f"/contacts/{mine.id}/tags", data={"tag": "New"}, headers=HTMX)
    assert reply.status_code == 422
    assert "There is no such tag" in reply.text
    as_agnes.post(f"/contacts/{mine.id}/tags", data={"tag": "Hot"})
    assert worn() == [(mine.id, hot.id)]


def test_what_is_no_tag_is_told(as_ada, carla):
    assert as_ada.post(f"/contacts/{carla.id}/tags", data={"tag": "!!"}, headers=HTMX).status_code == 422


def test_many_are_tagged_at_once_and_it_can_be_undone(as_ada, ada, carla):
    otto = factories.contact(email="otto@example.com")
    add_tag(carla, factories.tag("Hot"), ada.actor)
    reply = as_ada.post(
        "/contacts/taggings", data={"tag": "Hot", "ids": [carla.id, otto.id, 999, "x"], "back": "/contacts?q=a"}
    )
    assert reply.location == "/contacts?q=a"
    page = as_ada.get("/contacts").text
    assert "was added to 1 contact." in page
    undo = re.search(r'action="(/contacts/taggings/removal[^"]+)"', page)[1].replace("&amp;", "&")
    as_ada.post(undo)
    assert [contact for contact, _ in worn()] == [carla.id]


def test_an_agents_selection_touches_her_own_only(as_agnes, agnes, carla):
    mine, hot = factories.contact(email="m@example.com", owner_id=agnes.id), factories.tag("Hot")
    as_agnes.post("/contacts/taggings", data={"tag": "hot", "ids": [carla.id, mine.id]})
    assert worn() == [(mine.id, hot.id)]
    assert [each.contact_id for each in db.session.query(ContactActivity)] == [mine.id]
    assert as_agnes.post(f"/contacts/{carla.id}/tags", data={"tag": "hot"}).status_code == 404


@pytest.mark.parametrize("back", ["https://evil.test/", "//evil.test", "/contacts\\evil", "/contactsx"])
def test_it_leads_back_to_the_list_only(as_ada, carla, back):
    assert (
        as_ada.post("/contacts/taggings", data={"tag": "Hot", "ids": [carla.id], "back": back}).location == "/contacts"
    )


def test_a_tag_nobody_has_is_not_made_by_taking_it_off(as_ada, carla):
    as_ada.post("/contacts/taggings/removal", data={"tag": "Nosuch", "ids": [carla.id]})
    assert "There is no such tag" in as_ada.get("/contacts").text
    assert tag_named("Nosuch") is None
    as_ada.post("/contacts/taggings", data={"tag": "Kids", "ids": [carla.id]})
    as_ada.post("/contacts/taggings", data={"tag": "Kids", "ids": [carla.id]})
    assert "All of them have “Kids” already." in as_ada.get("/contacts").text
