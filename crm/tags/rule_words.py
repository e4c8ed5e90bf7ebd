"""What a rule may look at in each type of activity, read from the vocabulary, and a rule in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.activity.vocabulary import BY_KIND, Activity, Custom, values_of
from crm.conditions.field_types import Number, Text
from crm.conditions.fields import Field
from crm.conditions.operators import OPERATORS
from crm.conditions.sentences import sentence
from crm.database import db
from crm.tags.models import TagRule

TEXT_OPERATORS = ("contains", "not_contains", "equals", "not_equals", "starts_with", "is_set", "is_not_set")
NUMBER_OPERATORS = ("greater_than", "less_than")
WORDLESS = {"is_set", "is_not_set"}
MOST_NAMED = 1000
WORDS = {"url": "Link", "old": "Before", "new": "After", "to": "Given to"}


def keys_of(kind: type[Activity]) -> dict[str, str]:
    """The values of the activity a filter can look at, with what to call them."""
    return {name: label_of(name) for name in values_of(kind) if name not in kind.refers and name != "values"}


def label_of(name: str) -> str:
    """What to call a value: its name as words."""
    return WORDS.get(name) or name.replace("_", " ").strip().capitalize()


def takes_any_key(kind: type[Activity]) -> bool:
    """Whether programs put values of their own into it."""
    return kind is Custom


def field_of(kind: type[Activity], key: str, operator: str) -> Field:
    """The value as a field that the operators of conditions can compare."""
    stored = ContactActivity.metadata_[key]
    if values_of(kind).get(key):
        return Field(key, label_of(key), Number(), "", stored.as_float())
    if operator in NUMBER_OPERATORS:
        return Field(key, label_of(key), Number(), "", _as_number(stored))
    return Field(key, label_of(key), Text(), "", stored.as_string())


def _as_number(stored: Any) -> sa.ColumnElement[float]:
    """A value that a program sent, where it is a number; text is none, whatever it says."""
    text = stored.as_string()
    looks_like_one = sa.and_(text.is_not(None), sa.not_(text.regexp_match("[^0-9.-]")), text.regexp_match("[0-9]"))
    return sa.case((looks_like_one, sa.cast(text, sa.Double())), else_=None)


def named_things(table_name: str) -> list[tuple[str, str]]:
    """What an activity can point at, by name: pairs of id and name."""
    table = db.metadata.tables[table_name]
    found = sa.select(table.c.id, table.c.name).order_by(table.c.name, table.c.id).limit(MOST_NAMED)
    return [(str(number), name) for number, name in db.session.execute(found)]


def noun_of(key: str) -> str:
    """What is pointed at: `tag_id` is a tag."""
    return key.removesuffix("_id").replace("_", " ")


def words_of(rule: TagRule) -> str:
    """The rule in a sentence: when it tags."""
    kind = BY_KIND.get(rule.activity_type)
    if kind is None:
        return f"Never: “{rule.activity_type}” no longer exists"
    parts = [kind.label, *_pointed_at(kind, rule.filters.get("refers") or {})]
    parts += [_said(each) for each in rule.filters.get("values") or ()]
    words = ", ".join(parts)
    return f"{words}; only if {_small(sentence(rule.condition))}" if has_clauses(rule.condition) else words


def has_clauses(condition: Mapping[str, Any] | None) -> bool:
    """Whether the condition asks for anything."""
    return bool(condition and condition.get("conditions"))


def _pointed_at(kind: type[Activity], refers: Mapping[str, int]) -> Sequence[str]:
    return [
        f"{noun_of(key)} “{_name(kind.refers[key], number)}”" for key, number in refers.items() if key in kind.refers
    ]


def _name(table_name: str, number: int) -> str:
    table = db.metadata.tables[table_name]
    return db.session.scalar(sa.select(table.c.name).where(table.c.id == number)) or "(deleted)"


def _said(value: Mapping[str, Any]) -> str:
    words = f"{label_of(value['key']).lower()} {OPERATORS[value['operator']].label}"
    return words if value["operator"] in WORDLESS else f"{words} “{value['value']}”"


def _small(text: str) -> str:
    return text[:1].lower() + text[1:]
