"""Suppressed addresses through the API."""

from crm.database import commit
from crm.delivery.operations import suppress, suppress_secretly
from tests.api.test_resources import pointers


def test_they_are_listed_added_and_found(api):
    suppress("dead@example.com", "550 5.1.1", source="ses")
    suppress_secretly("gone@example.com", "Erased")
    commit()
    new = {"email": "New@example.com", "reason": "By phone"}
    assert [api.post("/suppressions", new).status_code for _ in range(2)] == [201, 200]
    found = api.get("/suppressions").json["data"]
    assert [(each["email"], each["kind"]) for each in found] == [
        ("new@example.com", "manual"),
        ("dead@example.com", "hard"),
    ]
    assert api.get(f"/suppressions/{found[0]['id']}").json == found[0]
    assert [each["email"] for each in api.get("/suppressions?kind=hard").json["data"]] == ["dead@example.com"]
    assert [each["email"] for each in api.get("/suppressions?email=NEW@example.com").json["data"]] == [
        "new@example.com"
    ]
    assert pointers(api.post("/suppressions", {"email": "nobody"})) == ["/email"]
