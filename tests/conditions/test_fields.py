"""The fields the features offer: each can be asked, and each says what it allows."""

import sqlalchemy as sa
from flask import Flask

from crm.conditions.compiler import compile_condition
from crm.conditions.fields import registered_fields
from crm.conditions.operators import OPERATORS
from crm.conditions.reading import validate
from crm.conditions.schema import schema
from crm.contacts.models import Contact
from crm.database import db
from crm.users.models import User
from tests.factories import contact, tag

SAMPLES = {"text": "x", "number": 1, "date": "2026-03-31", "moment": "2026-03-31", "choice": None, "link": "x"}


def test_every_field_can_be_asked_in_every_way_it_allows(app: Flask, ada: User) -> None:
    contact()
    for field in registered_fields().values():
        options = field.options()
        value = options[0].value if options else SAMPLES[field.type.kind]
        for key in field.operator_keys:
            arity = {"none": None, "one": value, "two": [value, value], "many": [value]}[OPERATORS[key].arity.key]
            condition = {"conditions": [{"field": field.key, "operator": key, "value": arity}]}
            assert validate(condition) == [] or not options
            db.session.scalars(sa.select(Contact.id).where(compile_condition(condition))).all()


def test_every_operator_is_offered_by_some_field(app: Flask) -> None:
    offered = {operator for field in registered_fields().values() for operator in field.operator_keys}
    assert offered == set(OPERATORS)


def test_the_schema_names_fields_operators_and_choices(app: Flask, ada: User) -> None:
    tag("Interested")
    described = schema()
    by_key = {field["key"]: field for field in described["fields"]}
    assert [operator["key"] for operator in described["operators"]] == list(OPERATORS)
    assert by_key["tags"]["choices"] == [{"value": "interested", "label": "Interested"}]
    assert by_key["owner"]["choices"] == [{"value": ada.id, "label": "Ada"}]
    assert by_key["birthday"]["type"] == "date"
    assert {"value": "BR", "label": "Brazil"} in by_key["country"]["choices"]
    assert set(described["condition"]["$defs"]["clause"]["properties"]["field"]["enum"]) == set(by_key)


def test_a_country_may_be_written_in_small_letters(app: Flask) -> None:
    carla = contact(country="BR")
    criterion = compile_condition({"conditions": [{"field": "country", "operator": "equals", "value": "br"}]})
    assert db.session.scalars(sa.select(Contact.id).where(criterion)).all() == [carla.id]
