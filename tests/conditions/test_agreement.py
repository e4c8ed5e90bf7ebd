"""The compiled SQL agrees with the same rules written out in Python, over contacts and conditions at random."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.conditions.compiler import compile_condition
from crm.contacts.models import Contact
from crm.database import db, is_postgresql
from crm.tags.models import Tag, Tagging
from tests.conditions.conftest import FIELDS, NOW

LETTERS = "aAbéÉ%_ "
texts = st.text(LETTERS, max_size=4)
values = st.text(LETTERS, min_size=1, max_size=3).filter(str.strip)
numbers = st.integers(-3, 3)
days = st.dates(date(2026, 3, 28), date(2026, 4, 2))
moments = st.integers(-120, 60).map(lambda hours: NOW + timedelta(hours=hours))
slugs = st.sampled_from(["interested", "vip", "unused"])
people = st.fixed_dictionaries(
    {
        "city": st.none() | texts,
        "score": st.none() | numbers,
        "birthday": st.none() | days,
        "opened": st.none() | moments,
        "tags": st.sets(slugs),
    }
)


def berlin(moment: datetime) -> date:
    """Around these days Berlin changes to summer time: at 01:00 UTC on 29 March."""
    return (moment + timedelta(hours=2 if moment >= datetime(2026, 3, 29, 1, tzinfo=UTC) else 1)).date()


def text_rule(test: Callable[[str, Any], bool], if_unset: bool = False) -> Callable[[Any, Any], bool]:
    return lambda has, value: if_unset if has is None else test(has.lower(), value)


def if_set(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda has, value: has is not None and test(has, value)


SET = {"is_set": lambda has, _: has not in (None, "", set()), "is_not_set": lambda has, _: has in (None, "", set())}
RULES: dict[str, dict[str, Callable[[Any, Any], bool]]] = {
    "city": {
        "equals": text_rule(lambda has, value: has == value.lower()),
        "not_equals": text_rule(lambda has, value: has != value.lower(), True),
        "contains": text_rule(lambda has, value: value.lower() in has),
        "not_contains": text_rule(lambda has, value: value.lower() not in has, True),
        "starts_with": text_rule(lambda has, value: has.startswith(value.lower())),
        "ends_with": text_rule(lambda has, value: has.endswith(value.lower())),
        "in_list": text_rule(lambda has, value: has in [each.lower() for each in value]),
        "not_in_list": text_rule(lambda has, value: has not in [each.lower() for each in value], True),
        **SET,
    },
    "score": {
        "equals": lambda has, value: has == value,
        "not_equals": lambda has, value: has != value,
        "greater_than": if_set(lambda has, value: has > value),
        "less_than": if_set(lambda has, value: has < value),
        "between": if_set(lambda has, value: value[0] <= has <= value[1]),
        "in_list": lambda has, value: has in value,
        "not_in_list": lambda has, value: has not in value,
        **SET,
    },
    "birthday": {
        "equals": if_set(lambda has, value: has.isoformat() == value),
        "not_equals": lambda has, value: has is None or has.isoformat() != value,
        "before": if_set(lambda has, value: has.isoformat() < value),
        "after": if_set(lambda has, value: has.isoformat() > value),
        "between": if_set(lambda has, value: value[0] <= has.isoformat() <= value[1]),
        **SET,
    },
    "opened": {
        "equals": if_set(lambda has, value: berlin(has).isoformat() == value),
        "not_equals": lambda has, value: has is None or berlin(has).isoformat() != value,
        "before": if_set(lambda has, value: berlin(has).isoformat() < value),
        "after": if_set(lambda has, value: berlin(has).isoformat() > value),
        "between": if_set(lambda has, value: value[0] <= berlin(has).isoformat() <= value[1]),
        **SET,
    },
    "tags": {
        "contains": lambda has, value: value in has,
        "not_contains": lambda has, value: value not in has,
        "in_list": lambda has, value: bool(has & set(value)),
        "not_in_list": lambda has, value: not has & set(value),
        **SET,
    },
}
VALUES = {"city": values, "score": numbers, "birthday": days.map(date.isoformat), "opened": days.map(date.isoformat)}
VALUES["tags"] = slugs


@st.composite
def clauses(draw: st.DrawFn) -> dict:
    field = draw(st.sampled_from(list(RULES)))
    operator = draw(st.sampled_from(list(RULES[field])))
    if operator.endswith("in_list"):
        value = draw(st.lists(VALUES[field], min_size=1, max_size=3))
    elif operator == "between":
        value = sorted(draw(st.lists(VALUES[field], min_size=2, max_size=2)))
    else:
        value = draw(VALUES[field])
    return {"field": field, "operator": operator, "value": None if operator.endswith("set") else value}


def groups(inner: st.SearchStrategy) -> st.SearchStrategy:
    return st.fixed_dictionaries(
        {"match": st.sampled_from(["all", "any"]), "conditions": st.lists(inner, min_size=1, max_size=3)}
    )


conditions = groups(st.recursive(clauses(), groups, max_leaves=6))


def holds(node: dict, person: dict) -> bool:
    if "conditions" in node:
        answers = [holds(child, person) for child in node["conditions"]]
        return all(answers) if node["match"] == "all" else any(answers)
    return RULES[node["field"]][node["operator"]](person[node["field"]], node["value"])


def add(crowd: list[dict]) -> list[int]:
    tag_ids = dict(db.session.execute(sa.select(Tag.slug, Tag.id)).all())
    made = [
        Contact(
            city=person["city"],
            source=None if person["score"] is None else str(person["score"]),
            birthday=person["birthday"],
            last_email_opened_at=person["opened"],
        )
        for person in crowd
    ]
    db.session.add_all(made)
    db.session.flush()
    for contact, person in zip(made, crowd, strict=True):
        db.session.add_all(Tagging(contact_id=contact.id, tag_id=tag_ids[slug]) for slug in person["tags"])
    db.session.flush()
    return [contact.id for contact in made]


@given(crowd=st.lists(people, min_size=4, max_size=8), asked=st.lists(conditions, min_size=6, max_size=6))
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_sql_and_python_agree(anywhere: Flask, crowd: list[dict], asked: list[dict]) -> None:
    ids = add(crowd)
    for condition in asked:
        criterion = compile_condition(condition, NOW, FIELDS)
        found = set(db.session.scalars(sa.select(Contact.id).where(criterion, Contact.id.in_(ids))))
        meant = {id_ for id_, person in zip(ids, crowd, strict=True) if holds(condition, person)}
        assert found == meant, condition
    db.session.rollback()


def test_beside_a_period_a_set_is_only_looked_into(anywhere: Flask) -> None:
    period = {"field": "opened", "operator": "between", "value": {"last": 60, "unit": "days"}}
    tag = {"field": "tags", "operator": "contains", "value": "interested"}
    with_tag = {"match": "all", "conditions": [tag, period]}
    names = sa.select(Contact.first_name).where(compile_condition(with_tag, NOW, FIELDS)).order_by(Contact.first_name)
    assert db.session.scalars(names).all() == ["ana", "cy"]
    assert ("contacts.id + " in str(names)) == (not is_postgresql())
