"""The builder's form: what is shown comes back unchanged, and its buttons edit it without a script."""

from typing import Any

import pytest
from flask import Flask, render_template_string
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import StringField

from crm.conditions.builder import Builder
from crm.conditions.fields import registered_fields
from crm.conditions.forms import ConditionField
from crm.conditions.operators import OPERATORS
from crm.conditions.posting import read_posted
from crm.users.models import User
from tests.conditions.html import inputs_of
from tests.factories import tag


class WhoForm(FlaskForm):
    name = StringField("Name")
    who = ConditionField("Who", needs_clause=True)


def clause(field: str, operator: str, value: Any = None) -> dict:
    made = {"field": field, "operator": operator, "value": value}
    return made if OPERATORS[operator].arity.key != "none" else {"field": field, "operator": operator}


def shown(condition: Any, problems: Any = ()) -> str:
    builder = Builder("who", condition, problems)
    return render_template_string('{% include "conditions/_rows.html" %}', builder=builder, rows=builder.root)


def posted(condition: Any, **more: str) -> MultiDict:
    return MultiDict([*inputs_of(shown(condition)), *more.items()])


def after(condition: dict, edit: str) -> dict:
    return read_posted(posted(condition, **{"who-edit": edit}), "who")


CLAUSES = [
    clause("city", "equals", "São Paulo <b>\"'&"),
    clause("city", "in_list", ["Paris", "São Paulo, SP"]),
    clause("city", "is_set"),
    clause("emails_opened", "greater_than", 3),
    clause("emails_opened", "between", [-1, 2.5]),
    clause("emails_opened", "in_list", [1, 2]),
    clause("birthday", "before", "2010-01-31"),
    clause("birthday", "after", {"ago": 18, "unit": "years"}),
    clause("birthday", "between", ["2010-01-31", {"in": 2, "unit": "weeks"}]),
    clause("birthday", "between", {"next": 7, "unit": "days"}),
    clause("last_email_opened", "between", {"last": 24, "unit": "hours"}),
    clause("last_email_opened", "after", "2026-03-31T18:00"),
    clause("last_email_opened", "after", "2026-03-31T18:00:59"),
    clause("lifecycle_stage", "equals", "lead"),
    clause("lifecycle_stage", "in_list", ["lead", "lost"]),
    clause("country", "not_equals", "BR"),
    clause("tags", "contains", "interested"),
    clause("tags", "in_list", ["interested", "vip"]),
]


@pytest.fixture
def school(app: Flask) -> Any:
    tag("Interested")
    tag("Vip")
    with app.test_request_context("/"):
        yield app


@pytest.mark.parametrize("one", CLAUSES, ids=lambda one: f"{one['field']} {one['operator']}")
def test_a_clause_comes_back_as_it_was_shown(school: Flask, one: dict) -> None:
    condition = {"match": "all", "conditions": [one]}
    assert read_posted(posted(condition), "who") == condition


def test_groups_come_back_as_they_were_shown(school: Flask) -> None:
    deep = {"match": "all", "conditions": [CLAUSES[0]]}
    for _ in range(8):
        deep = {"match": "any", "conditions": [CLAUSES[2], deep, CLAUSES[3]]}
    condition = {"match": "all", "conditions": [deep, *CLAUSES]}
    assert read_posted(posted(condition), "who") == condition


def test_every_field_and_operator_can_be_shown_whatever_its_value(school: Flask, ada: User) -> None:
    odd = [None, "", "x", 7, 2.5, True, [], ["x", 1, None], {}, {"ago": []}, {"last": {}, "unit": 7}, [{}, []], 10**40]
    clauses = [
        {"field": field.key, "operator": operator, "value": value}
        for field in registered_fields().values()
        if field.key != "country"
        for operator in field.operator_keys
        for value in odd
    ]
    html = shown({"match": "any", "conditions": clauses})
    assert isinstance(read_posted(MultiDict(inputs_of(html)), "who"), dict)


@pytest.mark.parametrize("odd", [None, [], "x", {"conditions": 5}, {"conditions": [5, None, "x"]}])
def test_what_is_no_condition_shows_as_an_empty_one(school: Flask, odd: Any) -> None:
    assert read_posted(posted(odd), "who") == {"match": "all", "conditions": []}


def test_buttons_add_and_remove(school: Flask) -> None:
    city, stage = CLAUSES[0], CLAUSES[13]
    condition = {"match": "all", "conditions": [city, {"match": "any", "conditions": [stage]}]}
    blank = {"field": "", "operator": "", "value": None}
    assert after(condition, "clause:")["conditions"][2] == blank
    assert after(condition, "clause:1")["conditions"][1]["conditions"] == [stage, blank]
    assert after(condition, "group:1")["conditions"][1]["conditions"][1] == {"match": "all", "conditions": [blank]}
    assert after(condition, "remove:0")["conditions"] == [condition["conditions"][1]]
    assert after(condition, "remove:1-0")["conditions"] == [city]
    assert after(condition, "remove:1")["conditions"] == [city]


@pytest.mark.parametrize(
    "edit", ["", "remove:", "remove:9", "remove:0-0", "clause:0", "clause:7-7", "boom:1", "update:", "x"]
)
def test_a_button_that_means_nothing_changes_nothing(school: Flask, edit: str) -> None:
    condition = {"match": "all", "conditions": [CLAUSES[0]]}
    assert after(condition, edit) == condition


def test_a_new_field_starts_with_its_first_operator_and_no_value(school: Flask) -> None:
    form = posted({"match": "all", "conditions": [clause("city", "starts_with", "Pa")]})
    form["who-0-field"] = "emails_opened"
    assert read_posted(form, "who")["conditions"] == [{"field": "emails_opened", "operator": "equals", "value": None}]


def test_a_new_operator_keeps_the_value(school: Flask) -> None:
    form = posted({"match": "all", "conditions": [clause("city", "starts_with", "Pa")]})
    form["who-0-operator"] = "contains"
    assert read_posted(form, "who")["conditions"] == [clause("city", "contains", "Pa")]


def form_of(app: Flask, data: MultiDict | dict) -> WhoForm:
    with app.test_request_context("/", method="POST", data=data):
        form = WhoForm()
        form.is_good = form.validate()
        form.html = str(form.who())
        return form


def test_a_form_takes_the_condition(school: Flask) -> None:
    condition = {"match": "all", "conditions": [CLAUSES[0]]}
    form = form_of(school, posted(condition))
    assert (form.is_good, form.who.data) == (True, condition)


def test_a_form_takes_json(school: Flask) -> None:
    form = form_of(school, {"who": '{"match": "any", "conditions": [{"field": "city", "operator": "is_set"}]}'})
    assert (form.is_good, form.who.data["match"]) == (True, "any")
    assert form_of(school, {"who": "{"}).errors == {"who": ["This is not a condition."]}
    assert form_of(school, {"who": "[" * 100_000}).errors == {"who": ["This is not a condition."]}
    assert "object with" in form_of(school, {"who": "[]"}).errors["who"][0]


def test_a_form_shows_the_error_at_the_clause(school: Flask) -> None:
    form = form_of(school, posted({"conditions": [CLAUSES[2], clause("city", "equals", "")]}))
    assert form.errors == {"who": ["Please complete the marked conditions."]}
    assert 'id="who-1-error"' in form.html
    assert "Fill in a value" in form.html
    assert 'id="who-0-error"' not in form.html


def test_a_form_may_refuse_everyone(school: Flask) -> None:
    assert form_of(school, posted({})).errors == {"who": ["Add at least one condition."]}


def test_a_button_of_the_builder_sends_the_form_back_without_complaint(school: Flask) -> None:
    form = form_of(school, posted({}, **{"who-edit": "clause:"}))
    assert (form.is_good, form.errors) == (False, {})
    assert 'name="who-0-field"' in form.html


def test_a_stored_condition_is_checked_without_a_post(school: Flask) -> None:
    with school.test_request_context("/"):
        form = WhoForm(formdata=None, data={"who": {"conditions": [clause("tags", "contains", "gone")]}})
        assert not form.validate()
        assert "does not exist" in str(form.who())
