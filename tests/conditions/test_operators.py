"""Every operator on every type that allows it, at the edges of its values, on SQLite and on PostgreSQL."""

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.conditions.compiler import compile_condition
from crm.conditions.operators import OPERATORS
from crm.conditions.queries import matching_ids
from crm.conditions.reading import validate
from crm.contacts.models import Contact
from crm.database import db
from tests.conditions.conftest import FIELDS, NOW

ALL = "ana bo cy di"

CASES = [
    ("city", "equals", "évreux", "ana"),
    ("city", "equals", "Évreux", "ana"),
    ("city", "equals", "e\u0301vreux", "ana"),
    ("city", "equals", "evreux", ""),
    ("city", "equals", "é", ""),
    ("city", "not_equals", "ÉVREUX", "bo cy di"),
    ("city", "contains", "PAULO", "cy"),
    ("city", "contains", "SÃO", "cy"),
    ("city", "contains", "%", "cy"),
    ("city", "contains", "_", "cy"),
    ("city", "contains", "\\", "cy"),
    ("city", "contains", "/", "cy"),
    ("city", "contains", "0_", ""),
    ("city", "contains", 100, "cy"),
    ("city", "contains", "'; DROP TABLE contacts; --", ""),
    ("city", "not_contains", "paulo", "ana bo di"),
    ("city", "starts_with", "são p", "cy"),
    ("city", "starts_with", "aulo", ""),
    ("city", "ends_with", "reux", "ana"),
    ("city", "ends_with", "évreu", ""),
    ("city", "in_list", ["évreux", "são paulo 100%_\\/", "x"], "ana cy"),
    ("city", "not_in_list", ["Évreux"], "bo cy di"),
    ("city", "is_set", True, "ana cy"),
    ("city", "is_set", None, "ana cy"),
    ("city", "is_not_set", None, "bo di"),
    ("email", "equals", "ANA@example.com", "ana"),
    ("email", "ends_with", "@Example.com", "ana di"),
    ("email", "contains", "+", "cy"),
    ("score", "equals", 10, "ana"),
    ("score", "equals", "10.0", "ana"),
    ("score", "equals", -2.5, "cy"),
    ("score", "not_equals", 10, "bo cy di"),
    ("score", "greater_than", 9, "ana di"),
    ("score", "greater_than", 10, "di"),
    ("score", "greater_than", 9.99, "ana di"),
    ("score", "less_than", 10, "cy"),
    ("score", "less_than", 1e15, "ana cy di"),
    ("score", "between", [-2.5, 10], "ana cy"),
    ("score", "between", [10, 10], "ana"),
    ("score", "in_list", [10, "1000000000000"], "ana di"),
    ("score", "not_in_list", [10, -2.5], "bo di"),
    ("score", "is_set", None, "ana cy di"),
    ("score", "is_not_set", None, "bo"),
    ("birthday", "equals", "2000-02-29", "ana"),
    ("birthday", "equals", {"ago": 0, "unit": "days"}, "di"),
    ("birthday", "not_equals", "2000-02-29", "bo cy di"),
    ("birthday", "before", "2026-03-31", "ana"),
    ("birthday", "before", "2026-04-01", "ana di"),
    ("birthday", "after", "2026-03-31", "cy"),
    ("birthday", "after", {"ago": 1, "unit": "days"}, "cy di"),
    ("birthday", "between", ["2000-02-29", "2026-03-31"], "ana di"),
    ("birthday", "between", {"next": 7, "unit": "days"}, "cy di"),
    ("birthday", "between", {"next": 6, "unit": "days"}, "di"),
    ("birthday", "between", {"next": 1, "unit": "weeks"}, "cy di"),
    ("birthday", "between", {"last": 30, "unit": "years"}, "ana di"),
    ("birthday", "is_set", None, "ana cy di"),
    ("birthday", "is_not_set", None, "bo"),
    ("opened", "equals", "2026-03-31", "ana"),
    ("opened", "equals", "2026-03-01", "cy di"),
    ("opened", "equals", "2026-02-28", ""),
    ("opened", "equals", "2026-03-31T09:00:00Z", "ana"),
    ("opened", "equals", "2026-03-31T11:00", "ana"),
    ("opened", "not_equals", "2026-03-31", "bo cy di"),
    ("opened", "before", "2026-03-01", ""),
    ("opened", "before", "2026-03-02", "cy di"),
    ("opened", "before", {"ago": 30, "unit": "days"}, ""),
    ("opened", "before", {"ago": 29, "unit": "days"}, "cy di"),
    ("opened", "after", "2026-03-01", "ana"),
    ("opened", "after", "2026-02-28", "ana cy di"),
    ("opened", "after", "2026-03-31T11:00:00+02:00", ""),
    ("opened", "after", {"ago": 2, "unit": "hours"}, "ana"),
    ("opened", "after", {"ago": 1, "unit": "hours"}, ""),
    ("opened", "between", {"last": 30, "unit": "days"}, "ana cy di"),
    ("opened", "between", {"last": 29, "unit": "days"}, "ana"),
    ("opened", "between", {"last": 1, "unit": "months"}, "ana cy di"),
    ("opened", "between", {"last": 2, "unit": "hours"}, "ana"),
    ("opened", "between", {"next": 2, "unit": "days"}, "ana"),
    ("opened", "between", ["2026-03-01", "2026-03-01"], "cy di"),
    ("opened", "is_set", True, "ana cy di"),
    ("opened", "is_not_set", True, "bo"),
    ("stage", "equals", "lead", "ana"),
    ("stage", "not_equals", "lead", "bo cy di"),
    ("stage", "in_list", ["lead", "lost"], "ana bo"),
    ("stage", "not_in_list", ["lead", "lost"], "cy di"),
    ("stage", "is_set", None, ALL),
    ("stage", "is_not_set", None, ""),
    ("country", "equals", "FR", "ana"),
    ("country", "not_equals", "FR", "bo cy di"),
    ("country", "in_list", ["FR", "DE"], "ana di"),
    ("country", "not_in_list", ["FR", "DE"], "bo cy"),
    ("country", "is_not_set", None, "bo"),
    ("vip", "equals", True, "ana di"),
    ("vip", "equals", "no", "cy"),
    ("vip", "not_equals", True, "bo cy"),
    ("vip", "not_equals", False, "ana bo di"),
    ("vip", "is_set", None, "ana cy di"),
    ("vip", "is_not_set", None, "bo"),
    ("worn", "equals", 0, "bo di"),
    ("worn", "equals", 2, "ana"),
    ("worn", "not_equals", 0, "ana cy"),
    ("worn", "not_equals", 1, "ana bo di"),
    ("worn", "greater_than", 0, "ana cy"),
    ("worn", "greater_than", 1, "ana"),
    ("worn", "greater_than", -1, ALL),
    ("worn", "less_than", 1, "bo di"),
    ("worn", "less_than", 2, "bo cy di"),
    ("worn", "less_than", 0, ""),
    ("worn", "between", [0, 1], "bo cy di"),
    ("worn", "between", [1, 2], "ana cy"),
    ("worn", "in_list", [0, 2], "ana bo di"),
    ("worn", "in_list", [1], "cy"),
    ("worn", "not_in_list", [0, 2], "cy"),
    ("worn", "not_in_list", [1], "ana bo di"),
    ("tags", "contains", "interested", "ana cy"),
    ("tags", "contains", "unused", ""),
    ("tags", "contains", "gone", ""),
    ("tags", "not_contains", "interested", "bo di"),
    ("tags", "not_contains", "unused", ALL),
    ("tags", "not_contains", "gone", ""),
    ("tags", "in_list", ["vip", "unused"], "ana"),
    ("tags", "not_in_list", ["vip", "unused"], "bo cy di"),
    ("tags", "is_set", None, "ana cy"),
    ("tags", "is_not_set", None, "bo di"),
]


def found(condition: object) -> str:
    criterion = compile_condition(condition, NOW, FIELDS)
    return " ".join(db.session.scalars(sa.select(Contact.first_name).where(criterion).order_by(Contact.first_name)))


def clause(field: str, operator: str, value: object) -> dict:
    return {"field": field, "operator": operator, "value": value}


@pytest.mark.parametrize(("field", "operator", "value", "names"), CASES)
def test_it_finds_those_meant(anywhere: Flask, field: str, operator: str, value: object, names: str) -> None:
    condition = {"match": "all", "conditions": [clause(field, operator, value)]}
    assert found(condition) == names
    ids = db.session.scalars(sa.select(Contact.id)).all()
    matching = matching_ids(condition, ids, NOW, FIELDS)
    by_ids = db.session.scalars(
        sa.select(Contact.first_name).where(Contact.id.in_(matching)).order_by(Contact.first_name)
    )
    assert " ".join(by_ids) == names
    assert value in ("gone",) or validate(condition, NOW, FIELDS) == []


def test_every_operator_of_every_type_has_a_case() -> None:
    allowed = {(field.key, operator) for field in FIELDS.values() for operator in field.operator_keys}
    tried = {(field, operator) for field, operator, *_ in CASES}
    by_type = {(type(FIELDS[field].type), operator) for field, operator in tried}
    assert {(type(FIELDS[field].type), operator) for field, operator in allowed} == by_type
    assert {operator for _, operator in tried} == set(OPERATORS)


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        (None, ALL),
        ({}, ALL),
        ({"match": "any", "conditions": []}, ALL),
        ({"match": "all", "conditions": [clause("score", "less_than", 11), clause("vip", "equals", True)]}, "ana"),
        ({"match": "any", "conditions": [clause("score", "less_than", 0), clause("vip", "equals", True)]}, "ana cy di"),
        ({"conditions": [clause("vip", "equals", True), {"match": "any", "conditions": []}]}, ""),
        (
            {"match": "any", "conditions": [
                clause("stage", "equals", "lost"),
                {"match": "all", "conditions": [clause("vip", "equals", True), clause("tags", "is_not_set", None)]},
            ]},
            "bo di",
        ),
    ],
)  # fmt: skip
def test_groups_nest(anywhere: Flask, condition: object, names: str) -> None:
    assert found(condition) == names


def test_a_tag_may_be_named_by_its_id(anywhere: Flask) -> None:
    from crm.tags.models import Tag

    id_ = db.session.scalar(sa.select(Tag.id).where(Tag.slug == "vip"))
    assert found({"conditions": [clause("tags", "contains", id_)]}) == "ana"
    assert found({"conditions": [clause("tags", "contains", str(id_))]}) == "ana"
