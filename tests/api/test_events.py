"""Events from elsewhere."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from crm.activity import dispatcher
from crm.activity.models import ContactActivity
from crm.contacts.models import Contact
from crm.database import db
from crm.lib import clock
from tests import factories
from tests.api.conftest import pointers

JOINED = {"contact": {"email": "Carla@example.com"}, "type": "webinar_joined", "metadata": {"minutes": 42}}


def test_it_stands_on_the_timeline_as_custom(api, carla):
    reply = api.post("/events", {**JOINED, "occurred_at": "2026-01-02T10:00:00+02:00"})
    assert (reply.status_code, reply.json["contact_id"]) == (201, carla.id)
    row = db.session.scalars(sa.select(ContactActivity)).one()
    assert (row.activity_type, row.title, row.metadata_) == (
        "custom", "Webinar joined", {"type": "webinar_joined", "minutes": 42},
    )  # fmt: skip
    assert row.created_at == datetime(2026, 1, 2, 8, tzinfo=UTC)


def test_listeners_hear_it(api, carla):
    api.post("/events", JOINED)
    dispatcher.dispatch()
    assert db.session.scalar(sa.select(Contact.last_activity_at)) is not None


def test_a_list_is_answered_item_by_item(api, carla):
    reply = api.post(
        "/events",
        [
            JOINED,
            {**JOINED, "contact": {"id": 99}},
            {**JOINED, "type": "No!"},
            {"contact": {"id": carla.id}, "type": "x"},
        ],
    )
    assert [each["status"] for each in reply.json["data"]] == [201, 422, 422, 201]
    assert [each["pointer"] for each in reply.json["data"][2]["errors"]] == ["/type"]


def test_a_thousand_are_taken_and_no_more(api):
    for number in range(10):
        factories.contact(email=f"c{number}@example.com")
    sent = [{"contact": {"email": f"c{number % 10}@example.com"}, "type": "seen"} for number in range(1001)]
    assert api.post("/events", sent).status_code == 422
    assert {each["status"] for each in api.post("/events", sent[:1000]).json["data"]} == {201}
    assert db.session.scalar(sa.select(sa.func.count(ContactActivity.id))) == 1000


def test_wrong_values_are_named_by_pointer(api, carla):
    later = (clock.now() + timedelta(hours=1)).isoformat()
    assert pointers(api.post("/events", {**JOINED, "occurred_at": later})) == ["/occurred_at"]
    for wrong in ("yesterday", "0001-01-01T00:00:00Z"):
        assert pointers(api.post("/events", {**JOINED, "occurred_at": wrong})) == ["/occurred_at"]
    assert pointers(api.post("/events", {"type": "x"})) == ["/contact"]
    assert pointers(api.post("/events", {**JOINED, "contact": {"id": 1, "email": "a"}})) == ["/contact"]
    assert pointers(api.post("/events", {**JOINED, "contact": {"email": "dan@example.com"}})) == ["/contact"]
