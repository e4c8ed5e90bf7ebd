"""Making, changing, archiving and deleting custom fields."""

import pytest

from crm.custom_fields.models import CustomField
from crm.custom_fields.operations import Refused, create_field, write_values
from crm.custom_fields.queries import custom_fields, value_of
from crm.database import db
from tests import factories


def test_it_is_made_with_a_key_of_its_name(as_ada):
    reply = as_ada.post("/fields/new", data={"label": "Niveau français", "kind": "choice", "choices": "A1\nA2\n\nA1"})
    assert reply.status_code == 303
    [field] = custom_fields()
    assert (field.name, field.choices, field.kind.label) == ("fields.niveau_francais", ["A1", "A2"], "Choice")
    assert "Niveau français" in as_ada.get("/fields").text


def test_two_of_one_name_get_different_keys_and_a_taken_key_is_refused(app):
    create_field("Level", "text")
    assert create_field("Level", "text").key == "level_2"
    with pytest.raises(Refused):
        create_field("Level", "text", key="level")


def test_what_is_missing_is_told(as_ada):
    reply = as_ada.post("/fields/new", data={"label": "", "kind": "choice", "choices": ""})
    assert reply.status_code == 422
    assert "Write the choices" in reply.text
    assert not custom_fields()


def test_it_is_changed_archived_and_used_again(as_ada):
    field = create_field("Level", "choice", choices=["A1"])
    assert "A1" in as_ada.get(f"/fields/{field.id}").text
    as_ada.post(f"/fields/{field.id}", data={"label": "Stufe", "choices": "A1\nB1", "is_required": "y"})
    assert (field.label, field.choices, field.is_required, field.key) == ("Stufe", ["A1", "B1"], True, "level")
    as_ada.post(f"/fields/{field.id}/archival", data={"is_archived": "yes"})
    assert custom_fields() == []
    as_ada.post(f"/fields/{field.id}/archival", data={"is_archived": "no"})
    assert custom_fields() == [field]


def test_they_are_put_in_order(as_ada):
    first, second = create_field("One", "text"), create_field("Two", "text")
    as_ada.post(f"/fields/{second.id}/place", data={"to": "up"})
    assert custom_fields() == [second, first]


def test_deletion_says_what_goes_and_takes_it(as_ada):
    field, carla = create_field("Level", "text"), factories.contact()
    write_values(field, {carla.id: "A1"})
    assert value_of(carla.id, field) == "A1"
    assert "1 contact will lose" in as_ada.get(f"/fields/{field.id}/deletion").text
    as_ada.post(f"/fields/{field.id}/deletion")
    assert db.session.query(CustomField).count() == 0
    assert as_ada.get(f"/contacts/{carla.id}").status_code == 200


def test_a_manager_is_refused(as_mo):
    assert as_mo.get("/fields").status_code == as_mo.post("/fields/new").status_code == 403
