"""The school's own fields, and links between contacts, through the API."""

from sqlalchemy import event

from crm.custom_fields.operations import create_field
from crm.database import db
from tests import factories
from tests.api.conftest import pointers


def make_fields():
    create_field("Shoe size", "number", key="shoe_size")
    create_field("Since", "date", key="since")
    create_field("Hobbies", "choices", key="hobbies", choices=["Chess", "Dance"])


def test_they_are_written_and_read_in_their_own_types(api):
    make_fields()
    own = {"shoe_size": 38.5, "since": "2026-01-02", "hobbies": ["Chess", "Dance"]}
    made = api.post("/contacts", {"email": "carla@example.com", "custom_fields": own}).json
    assert made["custom_fields"] == own
    changed = api.patch(f"/contacts/{made['id']}", {"custom_fields": {"shoe_size": None}}).json
    assert changed["custom_fields"] == {**own, "shoe_size": None}


def test_wrong_ones_are_named_by_pointer(api, carla):
    make_fields()
    here = f"/contacts/{carla.id}"
    assert pointers(api.patch(here, {"custom_fields": {"hat_size": 3}})) == ["/custom_fields/hat_size"]
    assert pointers(api.patch(here, {"custom_fields": {"shoe_size": "big"}})) == ["/custom_fields/shoe_size"]
    assert pointers(api.patch(here, {"custom_fields": {"hobbies": {"a": 1}}})) == ["/custom_fields/hobbies"]
    assert pointers(api.patch(here, {"custom_fields": 3})) == ["/custom_fields"]


def test_a_page_asks_no_more_for_many_than_for_one(api):
    make_fields()
    api.get("/contacts")
    asked = []
    event.listen(db.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    counts = []
    for number in range(6):
        factories.contact(email=f"c{number}@example.com")
        if number in {0, 5}:
            asked.clear()
            api.get("/contacts")
            counts.append(len(asked))
    assert counts[0] == counts[1]


def test_a_guardian_is_named_by_address_or_id(api, agents, agnes, carla):
    child = factories.contact(first_name="Dan", email="dan@example.com", owner_id=agnes.id)
    here = f"/contacts/{child.id}"
    assert api.patch(here, {"guardian": "carla@example.com"}).json["guardian_id"] == carla.id
    assert pointers(api.patch(here, {"guardian_id": 99})) == ["/guardian_id"]
    assert agents.get(here).json["guardian_id"] is None
    assert agents.patch(here, {"guardian_id": carla.id}).status_code == 422
