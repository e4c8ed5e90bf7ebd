"""Why a condition holds for a contact, in words and with what the contact has."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.conditions.compiler import compile_condition
from crm.conditions.explanation import explain
from crm.conditions.queries import count_up_to, matching_ids
from crm.conditions.sentences import sentence
from crm.contacts.models import Contact
from crm.database import db
from tests.conditions.conftest import FIELDS, NOW


def clause(field: str, operator: str, value: Any = None) -> dict:
    return {"field": field, "operator": operator, "value": value}


def id_of(name: str) -> int:
    return db.session.scalar(sa.select(Contact.id).where(Contact.first_name == name))


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([], "Every contact"),
        ([clause("tags", "contains", "interested"), clause("score", "greater_than", 50)],
         "Tag is Interested and lead score is more than 50"),
        ([clause("tags", "not_contains", "vip")], "Tag is not Vip"),
        ([clause("tags", "contains", "gone")], "Tag is …"),
        ([clause("tags", "in_list", ["vip", "interested"])], "Tag is any of Vip, Interested"),
        ([clause("score", "in_list", [1, 2, 3, 4, 5, 6, 1000])], "Lead score is any of 1, 2, 3, 4, 5 and 2 more"),
        ([clause("score", "between", [1, 1000])], "Lead score is between 1 and 1,000"),
        ([clause("opened", "is_set", True)], "Last email opened is set"),
        ([clause("opened", "between", {"last": 30, "unit": "days"})], "Last email opened is in the last 30 days"),
        ([clause("opened", "before", {"ago": 1, "unit": "months"})], "Last email opened is before 1 month ago"),
        ([clause("opened", "after", "2026-03-31T18:00")], "Last email opened is after 31 Mar 2026, 18:00"),
        ([clause("opened", "after", "2026-03-31T18:00Z")], "Last email opened is after 31 Mar 2026, 20:00 CEST"),
        ([clause("birthday", "equals", {"ago": 0, "unit": "days"})], "Birthday is today"),
        ([clause("birthday", "between", ["2026-01-01", {"in": 2, "unit": "weeks"}])],
         "Birthday is between 1 Jan 2026 and 2 weeks from now"),
        ([clause("stage", "equals", "alumni"), clause("vip", "equals", True)], "Stage is Alumni and VIP is yes"),
        ([clause("city", "starts_with", "Pa"), {"match": "any", "conditions": [
            clause("vip", "is_set"), clause("country", "equals", "FR")]}],
         "City starts with Pa and (VIP is set or country is FR)"),
        ([clause("nothing", "equals", 1)], "An unknown field"),
        ([clause("city", "less_than", 1)], "City …"),
    ],
)  # fmt: skip
def test_a_condition_reads_as_a_sentence(anywhere: Flask, parts: list, words: str) -> None:
    assert sentence({"match": "all", "conditions": parts}, NOW, FIELDS) == words


def test_it_tells_which_clause_decided(anywhere: Flask) -> None:
    inner = {"match": "any", "conditions": [clause("score", "less_than", 0), clause("opened", "is_not_set")]}
    told = explain({"conditions": [clause("tags", "contains", "vip"), inner]}, id_of("ana"), NOW, FIELDS)
    tag, group = told.children
    assert (told.matched, told.is_group, told.path) == (False, True, ())
    assert (tag.matched, tag.actual, tag.sentence) == (True, "Interested, Vip", "tag is Vip")
    assert (group.matched, [child.matched for child in group.children]) == (False, [False, False])
    assert [child.actual for child in group.children] == ["10.0", "31 Mar 2026, 11:00"]
    assert group.children[1].path == (1, 1)


@pytest.mark.parametrize(
    ("field", "actual"),
    [("city", None), ("score", None), ("opened", None), ("birthday", None), ("stage", "Lost"), ("vip", None),
     ("tags", None), ("worn", "0")],
)  # fmt: skip
def test_it_tells_what_is_missing(anywhere: Flask, field: str, actual: str | None) -> None:
    operator = "less_than" if field == "worn" else "is_not_set"
    told = explain({"conditions": [clause(field, operator, 1)]}, id_of("bo"), NOW, FIELDS)
    assert (told.children[0].actual, told.matched) == (actual, field != "stage")


def test_an_empty_condition_holds_for_everyone_and_nobody_else(anywhere: Flask) -> None:
    assert explain({}, id_of("bo"), NOW, FIELDS).matched
    assert explain({}, 10**9, NOW, FIELDS) is None


def test_it_finds_the_matching_among_many_ids(anywhere: Flask) -> None:
    by_tag = {"conditions": [{"field": "tags", "operator": "contains", "value": "interested"}]}
    wanted = {id_of("ana"), id_of("bo")} | set(range(10_000, 12_000))
    assert matching_ids(by_tag, wanted, NOW) == {id_of("ana")}
    assert matching_ids(by_tag, set(), NOW) == set()


def test_a_count_stops_beyond_its_cap(anywhere: Flask) -> None:
    everyone = compile_condition({}, NOW, FIELDS)
    tagged = compile_condition({"conditions": [clause("tags", "is_set")]}, NOW, FIELDS)
    assert count_up_to(everyone) == 4
    assert count_up_to(everyone, cap=2) == 3
    assert count_up_to(tagged, within=Contact.first_name == "ana") == 1
