"""Any JSON may arrive as a condition: it is refused with the place and a reason, it matches nobody, and nothing fails."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.conditions.compiler import compile_condition
from crm.conditions.explanation import explain
from crm.conditions.operators import OPERATORS
from crm.conditions.reading import validate
from crm.conditions.sentences import sentence
from crm.contacts.models import Contact
from crm.database import db
from tests.conditions.conftest import FIELDS, NOW


def one(field: Any, operator: Any, value: Any = None) -> dict:
    return {"match": "all", "conditions": [{"field": field, "operator": operator, "value": value}]}


def nested(depth: int) -> dict:
    inner: dict = one("score", "is_set")
    for _ in range(depth - 1):
        inner = {"match": "any", "conditions": [inner]}
    return inner


WRONG = [
    ([], "", "object with"),
    ("all", "", "object with"),
    (True, "", "object with"),
    ({"match": "all"}, "", "object with"),
    ({"match": "all", "conditions": {}}, "", "object with"),
    ({"match": "none", "conditions": []}, "/match", "“all” or “any”"),
    ({"match": ["all"], "conditions": []}, "/match", "“all” or “any”"),
    ({"match": "all", "conditions": [7]}, "/conditions/0", "object with"),
    ({"match": "all", "conditions": [{"conditions": []}]}, "/conditions/0", "empty"),
    ({"match": "all", "conditions": [{"conditions": 1}]}, "/conditions/0", "object with"),
    (one("password", "equals", "x"), "/conditions/0/field", "Choose a field"),
    (one(["city"], "equals", "x"), "/conditions/0/field", "Choose a field"),
    (one("city", "regex", "x"), "/conditions/0/operator", "how to compare"),
    (one("city", {}, "x"), "/conditions/0/operator", "how to compare"),
    (one("city", "greater_than", "x"), "/conditions/0/operator", "how to compare"),
    (one("city", "equals"), "/conditions/0/value", "Give a text"),
    (one("city", "equals", "  "), "/conditions/0/value", "Fill in"),
    (one("city", "equals", {"a": 1}), "/conditions/0/value", "Give a text"),
    (one("city", "equals", True), "/conditions/0/value", "Give a text"),
    (one("city", "equals", "a\0b"), "/conditions/0/value", "cannot be stored"),
    (one("city", "equals", "a\ud800"), "/conditions/0/value", "cannot be stored"),
    (one("city", "equals", "x" * 501), "/conditions/0/value", "too long"),
    (one("city", "equals", 10**5000), "/conditions/0/value", "too large"),
    (one("city", "is_set", False), "/conditions/0/value", "opposite"),
    (one("city", "in_list", "Paris"), "/conditions/0/value", "list"),
    (one("city", "in_list", []), "/conditions/0/value", "empty"),
    (one("city", "in_list", ["x"] * 201), "/conditions/0/value", "at most 200"),
    (one("city", "in_list", ["x", None]), "/conditions/0/value", "Give a text"),
    (one("score", "equals", "ten"), "/conditions/0/value", "Give a number"),
    (one("score", "equals", True), "/conditions/0/value", "Give a number"),
    (one("score", "equals", float("nan")), "/conditions/0/value", "too large"),
    (one("score", "equals", "nan"), "/conditions/0/value", "number"),
    (one("score", "equals", float("inf")), "/conditions/0/value", "too large"),
    (one("score", "equals", 10**400), "/conditions/0/value", "too large"),
    (one("score", "equals", "1e400"), "/conditions/0/value", "too large"),
    (one("score", "equals", "9" * 5000), "/conditions/0/value", "number"),
    (one("score", "between", [2, 1]), "/conditions/0/value", "greater than the second"),
    (one("score", "between", [1]), "/conditions/0/value", "two values"),
    (one("score", "between", 5), "/conditions/0/value", "two values"),
    (one("birthday", "equals", "2026-02-30"), "/conditions/0/value", "Give a date"),
    (one("birthday", "equals", "0001-01-01"), "/conditions/0/value", "between 1800 and 2300"),
    (one("birthday", "equals", 20260230), "/conditions/0/value", "Give a date"),
    (one("birthday", "before", {"ago": 1, "unit": "hours"}), "/conditions/0/value", "Hours"),
    (one("birthday", "before", {"ago": -1, "unit": "days"}), "/conditions/0/value", "whole number"),
    (one("birthday", "before", {"ago": 1e9, "unit": "days"}), "/conditions/0/value", "whole number"),
    (one("birthday", "before", {"ago": 10**9, "unit": "days"}), "/conditions/0/value", "whole number"),
    (one("birthday", "before", {"ago": 1, "unit": "fortnights"}), "/conditions/0/value", "relative date"),
    (one("birthday", "before", {"ago": 1, "unit": ["days"]}), "/conditions/0/value", "relative date"),
    (one("birthday", "before", {"last": 1, "unit": "days"}), "/conditions/0/value", "relative date"),
    (one("birthday", "between", ["2026-03-02", "2026-03-01"]), "/conditions/0/value", "greater than the second"),
    (one("opened", "after", "2026-03-01T25:00"), "/conditions/0/value", "date and time"),
    (one("opened", "between", ["2026-03-02", "2026-03-01"]), "/conditions/0/value", "later than the second"),
    (one("opened", "between", {"ago": 1, "unit": "days"}), "/conditions/0/value", "relative date"),
    (one("stage", "equals", "pupil"), "/conditions/0/value", "from the list"),
    (one("stage", "equals", ["lead"]), "/conditions/0/value", "from the list"),
    (one("vip", "equals", "maybe"), "/conditions/0/value", "yes or no"),
    (one("vip", "equals", 1), "/conditions/0/value", "yes or no"),
    (one("tags", "contains", "gone"), "/conditions/0/value", "does not exist"),
    (one("tags", "contains", 10**30), "/conditions/0/value", "from the list"),
    (one("tags", "contains", "9" * 400), "/conditions/0/value", "does not exist"),
    (one("tags", "contains", "a\udfff"), "/conditions/0/value", "from the list"),
    (one("tags", "contains", None), "/conditions/0/value", "from the list"),
]


@pytest.mark.parametrize(("condition", "pointer", "words"), WRONG)
def test_it_says_what_is_wrong_and_where(app: Flask, condition: Any, pointer: str, words: str) -> None:
    [problem] = validate(condition, NOW, FIELDS)
    assert problem.pointer == pointer
    assert words in problem.message


@pytest.mark.parametrize("condition", [wrong for wrong, *_ in WRONG])
def test_what_is_wrong_is_true_of_nobody(anywhere: Flask, condition: Any) -> None:
    assert db.session.scalars(sa.select(Contact.id).where(compile_condition(condition, NOW, FIELDS))).all() == []
    assert isinstance(sentence(condition, NOW, FIELDS), str)


def test_ten_levels_are_the_deepest(app: Flask) -> None:
    assert validate(nested(10), NOW, FIELDS) == []
    [problem] = validate(nested(11), NOW, FIELDS)
    assert problem.pointer == "/conditions/0" * 10
    assert validate(nested(300), NOW, FIELDS) == [problem]


def test_a_hundred_clauses_are_the_most(app: Flask) -> None:
    clause = one("score", "is_set")["conditions"][0]
    assert validate({"conditions": [clause] * 100}, NOW, FIELDS) == []
    [problem] = validate({"conditions": [clause] * 100_000}, NOW, FIELDS)
    assert "at most 100" in problem.message


def test_every_problem_is_named(app: Flask) -> None:
    clauses = one("city", "equals")["conditions"] + one("none", "equals")["conditions"]
    assert [problem.pointer for problem in validate({"conditions": clauses}, NOW, FIELDS)] == [
        "/conditions/0/value",
        "/conditions/1/field",
    ]


def test_a_hundred_full_lists_still_run(anywhere: Flask) -> None:
    clause = one("city", "in_list", [f"évreux {n}" for n in range(200)])["conditions"][0]
    criterion = compile_condition({"match": "any", "conditions": [clause] * 100}, NOW, FIELDS)
    assert db.session.scalars(sa.select(Contact.id).where(criterion)).all() == []


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
date_values = st.fixed_dictionaries(
    {"unit": st.sampled_from(["days", "hours", "years", "months"]) | anything},
    optional={word: st.integers() | anything for word in ("ago", "in", "last", "next")},
)
clauses = st.fixed_dictionaries(
    {
        "field": st.sampled_from(list(FIELDS)) | anything,
        "operator": st.sampled_from(list(OPERATORS)) | anything,
        "value": anything | date_values | st.lists(date_values, max_size=3),
    }
)
conditions = st.recursive(
    clauses | anything,
    lambda inner: st.fixed_dictionaries(
        {"match": st.sampled_from(["all", "any"]) | anything, "conditions": st.lists(inner, max_size=4) | anything}
    ),
    max_leaves=12,
)


@given(condition=conditions)
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_nothing_fails_whatever_arrives(anywhere: Flask, condition: Any) -> None:
    criterion = compile_condition(condition, NOW, FIELDS)
    found = set(db.session.scalars(sa.select(Contact.id).where(criterion)))
    assert validate(condition, NOW, FIELDS) or isinstance(found, set)
    first = db.session.scalar(sa.select(sa.func.min(Contact.id)))
    assert explain(condition, first, NOW, FIELDS).matched == (first in found)
    assert sentence(condition, NOW, FIELDS)
