"""Audiences through the API."""

import pytest

from crm.audiences.jobs import refresh_audiences
from tests import factories
from tests.api.conftest import pointers

SPAIN = {"match": "all", "conditions": [{"field": "country", "operator": "equals", "value": "ES"}]}


@pytest.fixture
def people(agnes):
    """Twelve in Spain, of whom agnes looks after two."""
    for number in range(12):
        factories.contact(email=f"c{number}@example.com", country="ES", owner_id=agnes.id if number < 2 else None)
    factories.contact(email="dan@example.com", country="DE")


def test_a_preview_counts_and_shows_some(api, people):
    reply = api.post("/audiences/preview", SPAIN)
    assert (reply.status_code, reply.json["count"], len(reply.json["sample"])) == (200, 12, 10)
    assert reply.json["sample"][0]["email"] == "c11@example.com"


def test_an_agents_preview_ends_at_her_contacts(agents, people):
    found = agents.post("/audiences/preview", SPAIN).json
    assert (found["count"], [each["email"] for each in found["sample"]]) == (2, ["c1@example.com", "c0@example.com"])
    assert agents.post("/audiences/preview", {"match": "all", "conditions": []}).json["count"] == 2


def test_what_cannot_be_understood_is_named_by_pointer(api):
    nested = {"match": "any", "conditions": [{"field": "shoe_size", "operator": "equals", "value": 3}]}
    assert pointers(api.post("/audiences/preview", nested)) == ["/conditions/0/field"]
    assert api.post("/audiences/preview", [1]).status_code == 422


def test_a_dynamic_audience_is_made_filled_and_changed(api, people):
    audience = api.post("/audiences", {"name": "Spain", "condition": SPAIN}).json
    assert (audience["slug"], audience["kind"], audience["condition"]) == ("spain", "dynamic", SPAIN)
    refresh_audiences()
    here = f"/audiences/{audience['id']}"
    assert api.get(here).json["count"] == 12
    assert len(api.get("/contacts?audience=spain&limit=20").json["data"]) == 12
    assert api.patch(here, {"name": "Iberia"}).json["condition"] == SPAIN
    assert pointers(api.patch(here, {"condition": {"conditions": [{"field": "x"}]}})) == [
        "/condition/conditions/0/field"
    ]
    assert [api.delete(here).status_code for _ in range(2)] == [204, 404]


def test_a_static_audience_is_filled_by_hand(api, agents, agnes, carla):
    mine = factories.contact(email="dan@example.com", owner_id=agnes.id)
    audience = api.post("/audiences", {"name": "Friends"}).json
    here = f"/audiences/{audience['id']}/members"
    first, second = (api.post(here, {"contact_ids": [carla.id, mine.id, 99]}).json for _ in range(2))
    assert (first, second["changed"]) == ({"changed": [carla.id, mine.id], "unknown": [99]}, [])
    assert agents.get(f"/audiences/{audience['id']}").json["count"] == 1
    assert [each["id"] for each in agents.get("/contacts?audience=friends").json["data"]] == [mine.id]
    assert agents.delete(f"{here}/{carla.id}").status_code == 404
    assert [api.delete(f"{here}/{carla.id}").status_code for _ in range(2)] == [204, 204]
    assert api.get("/audiences?slug=friends").json["data"][0]["count"] == 1


def test_an_audience_is_refused_with_reasons(api, agents):
    dynamic = api.post("/audiences", {"name": "Spain", "condition": SPAIN}).json
    assert pointers(api.post("/audiences", {"name": "spain"})) == ["/name"]
    assert pointers(api.post("/audiences", {"name": "All", "kind": "static", "condition": SPAIN})) == ["/condition"]
    assert pointers(api.post("/audiences", {"name": "All", "kind": "dynamic"}))[0].startswith("/condition")
    assert api.post(f"/audiences/{dynamic['id']}/members", {"contact_ids": [1]}).status_code == 409
    assert agents.post("/audiences", {"name": "Own"}).status_code == 403


def test_an_audience_in_use_is_kept_unless_forced(api):
    friends = api.post("/audiences", {"name": "Friends"}).json
    among = {"match": "all", "conditions": [{"field": "audience", "operator": "contains", "value": "friends"}]}
    api.post("/audiences", {"name": "Close", "condition": among})
    assert "Close" in api.delete(f"/audiences/{friends['id']}").json["detail"]
    assert api.delete(f"/audiences/{friends['id']}?force=true").status_code == 204
