"""What contacts have in custom fields: written, shown, asked for, merged into emails, imported."""

from datetime import date

import pytest
import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.conditions.compiler import compile_condition
from crm.conditions.explanation import explain
from crm.conditions.sentences import sentence
from crm.contacts.fieldset import detail_named
from crm.contacts.models import Contact
from crm.contacts.operations import Refused, create_contact, update_contact
from crm.custom_fields.kinds import KINDS
from crm.custom_fields.operations import create_field, write_values
from crm.custom_fields.queries import value_of, values_of
from crm.database import db
from crm.email.compose import check
from crm.email.values import known
from crm.email.values import values_of as merge_values
from crm.imports.runs import import_file
from tests import factories

HTMX = {"HX-Request": "true"}
GOOD = {
    "text": (" two  words ", "two words"),
    "number": ("12.50", 12.5),
    "date": ("3.4.2026", date(2026, 4, 3)),
    "choice": ("a", "A"),
    "choices": ("b; a", ["A", "B"]),
    "yes_no": ("Yes", True),
    "link": ("example.com/x", "https://example.com/x"),
}
BAD = {
    "text": "x" * 501,
    "number": "many",
    "date": "3/4/2026",
    "choice": "C",
    "choices": "A; C",
    "yes_no": "perhaps",
    "link": "javascript:alert(1)",
}


@pytest.fixture
def fields(app):
    made = {key: create_field(kind.label, key, key=key, choices=["A", "B"]) for key, kind in KINDS.items()}
    db.session.commit()
    return made


def matching(field, operator, value=None):
    condition = {"conditions": [{"field": field.name, "operator": operator, "value": value}]}
    return set(db.session.scalars(sa.select(Contact.id).where(compile_condition(condition))))


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_is_written_and_read_back(fields, mo, kind):
    carla, field = factories.contact(), fields[kind]
    given, stored = GOOD[kind]
    update_contact(carla, {field.name: given}, mo.actor)
    assert value_of(carla.id, field) == stored
    assert detail_named(field.name).value_of(carla) == stored
    assert update_contact(carla, {field.name: given}, mo.actor) == {}
    update_contact(carla, {field.name: ""}, mo.actor)
    assert value_of(carla.id, field) is None


@pytest.mark.parametrize("kind", KINDS)
def test_a_bad_value_is_refused_in_words(fields, mo, kind):
    with pytest.raises(Refused) as refused:
        update_contact(factories.contact(), {fields[kind].name: BAD[kind]}, mo.actor)
    assert refused.value.problems[fields[kind].name]


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_edited_on_the_profile(as_mo, fields, kind):
    carla, field = factories.contact(), fields[kind]
    url = f"/contacts/{carla.id}/fields/{field.name}"
    assert field.name in as_mo.get(url, headers=HTMX).text
    given = GOOD[kind][0].split("; ") if kind == "choices" else GOOD[kind][0]
    reply = as_mo.post(url, data={field.name: given, "seen": ""}, headers=HTMX)
    assert (reply.status_code, value_of(carla.id, field)) == (200, GOOD[kind][1])
    assert as_mo.get(url, headers=HTMX).status_code == 200
    assert field.label in as_mo.get(f"/contacts/{carla.id}").text


def test_the_change_is_told(fields, mo):
    carla = factories.contact()
    update_contact(carla, {"fields.number": 4}, mo.actor)
    [told] = db.session.scalars(sa.select(ContactActivity.title))
    assert told == "Changed fields.number"


def test_a_needed_field_is_asked_for_and_cannot_be_emptied(as_mo, mo, fields):
    fields["text"].is_required = True
    reply = as_mo.post("/contacts/new", data={"first_name": "Otto", "lifecycle_stage": "lead"})
    assert reply.status_code == 422
    assert "This has to be filled in." in reply.text
    as_mo.post("/contacts/new", data={"first_name": "Otto", "lifecycle_stage": "lead", "fields.text": "x"})
    otto = db.session.scalar(sa.select(Contact).where(Contact.first_name == "Otto"))
    with pytest.raises(Refused):
        update_contact(otto, {"fields.text": ""}, mo.actor)


def test_conditions_ask_for_it_and_negations_include_the_unset(fields):
    carla, otto = factories.contact(), factories.contact(email="otto@example.com")
    write_values(fields["number"], {carla.id: 5})
    write_values(fields["choices"], {carla.id: ["A", "B"]})
    write_values(fields["yes_no"], {carla.id: False})
    assert matching(fields["number"], "greater_than", 4) == {carla.id}
    assert matching(fields["number"], "not_equals", 5) == {otto.id}
    assert matching(fields["choices"], "contains", "B") == {carla.id}
    assert matching(fields["choices"], "not_contains", "B") == {otto.id}
    assert matching(fields["yes_no"], "equals", False) == {carla.id}
    assert matching(fields["yes_no"], "is_not_set") == {otto.id}
    condition = {"conditions": [{"field": "fields.choices", "operator": "contains", "value": "A"}]}
    assert explain(condition, carla.id).children[0].actual == "A, B"
    assert sentence(condition) == "Multiple choice is A"


@pytest.mark.parametrize("kind", KINDS)
def test_every_operator_of_every_kind_can_be_asked(fields, kind):
    field = fields[kind]
    from_condition = {"number": 1, "date": "2026-03-31", "yes_no": True, "choice": "A", "choices": "A"}
    value = from_condition.get(kind, "x")
    for operator in field.kind.asked.operators:
        given = {"between": [value, value], "in_list": [value], "not_in_list": [value]}.get(operator, value)
        assert matching(field, operator, None if operator.startswith("is_") else given) == set() or "not" in operator


def test_an_archived_field_is_asked_for_no_more(fields):
    carla = factories.contact()
    write_values(fields["text"], {carla.id: "x"})
    assert matching(fields["text"], "is_set") == {carla.id}
    fields["text"].archived_at = carla.created_at
    assert matching(fields["text"], "is_set") == set()


def test_emails_may_hold_it(fields):
    carla = factories.contact()
    write_values(fields["date"], {carla.id: date(2026, 4, 3)})
    assert check("markdown", "Hello", "", "See you on {{ contact.fields.date }}", known()) == {}
    assert check("markdown", "Hello", "", "{{ contact.fields.gone }}", known()) != {}
    values = merge_values([carla.id], {"contact.fields.date"})
    assert values[carla.id]["contact"]["fields"] == {"date": "3 April 2026"}


def test_a_file_fills_it(fields, mo, tmp_path):
    carla = factories.contact(lifecycle_stage="lead")
    file = tmp_path / "contacts.csv"
    file.write_text(
        "email,number,Multiple choice,stage\ncarla@example.com,4,A|B,active\notto@example.com,x,,\nida@example.com,7,B,\n"
    )
    found = import_file(file, existing="overwrite")
    assert (found.created, found.updated, found.refused) == (1, 1, 1)
    ida = db.session.scalar(sa.select(Contact.id).where(Contact.email == "ida@example.com"))
    kept = values_of([carla.id, ida], list(fields.values()))
    assert kept == {carla.id: {"number": 4, "choices": ["A", "B"]}, ida: {"number": 7, "choices": ["B"]}}
    kinds = db.session.scalars(
        sa.select(ContactActivity.activity_type).where(ContactActivity.contact_id == carla.id)
    ).all()
    assert sorted(kinds) == ["contact_updated", "stage_changed"]


def test_a_contact_is_made_with_it(fields, mo):
    made = create_contact({"first_name": "Ida", "fields.yes_no": "no"}, mo.actor)
    assert value_of(made.id, fields["yes_no"]) is False
