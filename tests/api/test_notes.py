"""Notes through the API."""

from tests import factories
from tests.api.conftest import pointers


def test_a_note_is_written_changed_pinned_and_deleted(api, carla):
    here = f"/contacts/{carla.id}/notes"
    note = api.post(here, {"content": "Starts in **May**", "kind": "call"}).json
    assert (note["kind"], note["author_name"], note["is_pinned"]) == ("call", "Ada (trial)", False)
    one = f"{here}/{note['id']}"
    assert api.patch(one, {"is_pinned": True}).json["revision"] == 0
    assert api.patch(one, {"content": "Starts in June", "revision": 0}).json["revision"] == 1
    assert api.patch(one, {"content": "Starts in July", "revision": 0}).status_code == 409
    assert [each["content"] for each in api.get(here).json["data"]] == ["Starts in June"]
    assert [api.delete(one).status_code for _ in range(2)] == [204, 404]
    assert api.get(here).json["data"] == []


def test_a_note_is_refused_by_pointer(api, carla):
    here = f"/contacts/{carla.id}/notes"
    assert pointers(api.post(here, {"content": "  "})) == ["/content"]
    assert pointers(api.post(here, {"content": "x", "kind": "song"})) == ["/kind"]


def test_somebody_elses_note_is_read_and_not_changed(api, agents, agnes):
    mine = factories.contact(owner_id=agnes.id)
    note = api.post(f"/contacts/{mine.id}/notes", {"content": "By Ada"}).json
    one = f"/contacts/{mine.id}/notes/{note['id']}"
    assert agents.get(one).json["content"] == "By Ada"
    assert agents.patch(one, {"content": "By Agnes"}).status_code == agents.delete(one).status_code == 403


def test_a_note_belongs_to_its_contact(api, agents, carla):
    dan = factories.contact(email="dan@example.com")
    note = api.post(f"/contacts/{carla.id}/notes", {"content": "Hidden"}).json
    assert api.get(f"/contacts/{dan.id}/notes/{note['id']}").status_code == 404
    assert agents.get(f"/contacts/{carla.id}/notes/{note['id']}").status_code == 404
    assert agents.get(f"/contacts/{carla.id}/notes").status_code == 404
