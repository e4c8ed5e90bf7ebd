"""Audiences through the API."""

import pytest

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
