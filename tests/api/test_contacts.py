"""Contacts through the API."""

import threading

import pytest
import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.contacts.models import Contact
from crm.database import db
from tests import factories
from tests.api.conftest import pointers

CARLA = {"email": "Carla@Example.com", "first_name": "Carla", "country": "spain", "birthday": "2001-05-14"}


def count():
    return db.session.scalar(sa.select(sa.func.count(Contact.id)))


def test_it_adds_a_contact_and_says_where_it_is(api):
    reply = api.post("/contacts", CARLA)
    assert (reply.status_code, reply.json["email"], reply.json["country"]) == (201, "carla@example.com", "ES")
    shown = api.client.get(reply.headers["Location"], headers=api.headers).json
    assert shown == reply.json


def test_the_same_address_changes_the_contact_and_leaves_the_rest(api):
    first = api.post("/contacts", CARLA).json
    reply = api.post("/contacts", {"email": "carla@example.com", "last_name": "Diaz"})
    assert (reply.status_code, count()) == (200, 1)
    assert {**first, "last_name": "Diaz", "name": "Carla Diaz"} == {**reply.json, "updated_at": first["updated_at"]}


def test_the_timeline_names_the_token(api):
    api.post("/contacts", CARLA)
    assert db.session.scalar(sa.select(ContactActivity.actor)) == "Ada (trial)"


def test_many_at_once_make_one_contact(api, app):
    codes = []
    db.session.commit()

    def send():
        with app.app_context():
            codes.append(api.post("/contacts", CARLA).status_code)

    threads = [threading.Thread(target=send) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    db.session.rollback()
    assert (sorted(codes), count()) == ([200] * 7 + [201], 1)


def test_wrong_values_are_named_by_pointer(api):
    assert pointers(api.post("/contacts", {**CARLA, "shoe_size": 3})) == ["/shoe_size"]
    assert set(pointers(api.post("/contacts", {"email": "no", "phone": "+4930123456", "birthday": "soon"}))) == {
        "/email",
        "/birthday",
    }
    assert pointers(api.post("/contacts", {"email": "a@b.example", "owner_id": 99})) == ["/owner_id"]
    assert count() == 0


def test_a_list_is_answered_item_by_item(api):
    reply = api.post("/contacts", [CARLA, {"email": "no"}, CARLA, 7, {"email": "dan@example.com", "tags": ["new"]}])
    assert [each["status"] for each in reply.json["data"]] == [201, 422, 200, 422, 201]
    assert reply.json["data"][1]["errors"][0]["pointer"] == "/email"
    assert count() == 2


def test_a_list_is_limited(api):
    assert api.post("/contacts", [CARLA] * 1001).status_code == 422


def test_it_is_found_by_text_tag_and_owner(api, ada):
    made = api.post("/contacts", {**CARLA, "owner": "ada@school.example", "tags": ["Interested"]}).json
    factories.contact(first_name="Dan", last_name="Roe", email="dan@example.com")
    for query in ("q=carl", "tag=interested", f"owner={ada.id}", "owner=ada@school.example", "email=CARLA@example.com"):
        assert [each["id"] for each in api.get(f"/contacts?{query}").json["data"]] == [made["id"]], query
    assert api.get("/contacts?tag=nonesuch").json["data"] == []
    assert [each["name"] for each in api.get("/contacts?owner=none").json["data"]] == ["Dan Roe"]


def test_it_is_changed_and_emptied(api, carla):
    reply = api.patch(f"/contacts/{carla.id}", {"city": "Valencia", "last_name": None})
    assert (reply.status_code, reply.json["city"], reply.json["name"]) == (200, "Valencia", "Carla")
    assert pointers(api.patch(f"/contacts/{carla.id}", {"id": 3})) == ["/id"]


def test_an_address_that_is_taken_is_a_conflict(api, carla):
    dan = factories.contact(first_name="Dan", email="dan@example.com")
    assert api.patch(f"/contacts/{dan.id}", {"email": carla.email}).status_code == 409


def test_it_is_deleted_once(api, carla):
    here = f"/contacts/{carla.id}"
    assert [api.delete(here).status_code for _ in range(2)] == [204, 404]


def test_who_may_not_delete_does_not(agents, agnes):
    mine = factories.contact(owner_id=agnes.id)
    assert agents.delete(f"/contacts/{mine.id}").status_code == 403


def test_tags_are_put_on_and_taken_off(api, carla):
    here = f"/contacts/{carla.id}/tags"
    assert [each["slug"] for each in api.post(here, {"tags": ["vip", "Very New"]}).json["data"]] == ["very-new", "vip"]
    assert [api.delete(f"{here}/vip").status_code for _ in range(2)] == [204, 204]
    assert [each["slug"] for each in api.get(here).json["data"]] == ["very-new"]
    assert api.delete(f"{here}/nonesuch").status_code == 404


def test_who_may_not_make_tags_uses_those_there_are(agents, agnes):
    factories.tag("VIP")
    here = f"/contacts/{factories.contact(owner_id=agnes.id).id}/tags"
    assert pointers(agents.post(here, {"tags": ["vip", "own"]})) == ["/tags/1"]
    assert agents.get(here).json["data"] == []
    assert agents.post(here, {"tags": ["vip"]}).status_code == 200


def test_activities_are_paged_and_filtered(api, carla):
    api.post(f"/contacts/{carla.id}/tags", {"tags": ["a1", "b1", "c1"]})
    first = api.get(f"/contacts/{carla.id}/activities?limit=2&type=tag_added").json
    rest = api.get(f"/contacts/{carla.id}/activities?limit=2&type=tag_added&cursor={first['next_cursor']}").json
    assert [each["metadata"]["tag"] for each in first["data"] + rest["data"]] == ["c1", "b1", "a1"]
    assert rest["next_cursor"] is None


@pytest.mark.parametrize("sent", [{"owner_id": 1}, {"owner": None}])
def test_an_agent_assigns_nobody_and_owns_what_she_adds(agents, agnes, sent):
    mine = agents.post("/contacts", CARLA).json
    assert mine["owner_id"] == agnes.id
    assert agents.patch(f"/contacts/{mine['id']}", sent).status_code == 422
