"""Rules that tag by themselves: making, changing, switching and deleting them, and what they do to activities.

Which contacts a rule means is one statement over the activities, whether they have just happened or long ago.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.activity.vocabulary import BY_KIND, SYSTEM, Activity, Actor
from crm.conditions.compiler import compile_condition
from crm.conditions.operators import OPERATORS, BadValue
from crm.conditions.reading import validate
from crm.contacts.models import Contact
from crm.database import after_commit, db
from crm.queue import nudge
from crm.tags.models import Tag, Tagging, TagRule
from crm.tags.operations import Refused, tag_contacts
from crm.tags.rule_words import (
    NUMBER_OPERATORS,
    TEXT_OPERATORS,
    WORDLESS,
    field_of,
    has_clauses,
    keys_of,
    takes_any_key,
)

DEEPEST = 10
"""Reactions to reactions beyond this tag nobody."""
KEY = re.compile(r"[\w .:-]{1,60}")
_NO_CLOCK: Any = None


def save_rule(
    rule: TagRule, tag: Tag, activity_type: str, filters: Mapping[str, Any], condition: Mapping[str, Any] | None,
    by: Actor = SYSTEM,
) -> TagRule:  # fmt: skip
    """Say when the tag is given, from now on. Raises Refused when the rule cannot be understood."""
    kind = BY_KIND.get(activity_type)
    if kind is None:
        raise Refused({"activity_type": "Choose what has to happen."})
    if has_clauses(condition) and validate(condition):
        raise Refused({"condition": "Please complete the marked conditions."})
    rule.filters = _checked(kind, filters)
    rule.tag_id, rule.activity_type = tag.id, activity_type
    rule.condition = dict(condition) if condition and has_clauses(condition) else None
    if rule.id is None:
        rule.created_by = by.user_id
        db.session.add(rule)
    db.session.flush()
    return rule


def switch_rule(rule: TagRule, is_on: bool) -> None:
    """Let the rule tag, or rest. One that rests no longer goes through the past either."""
    rule.is_on = is_on
    if not is_on:
        rule.past_after_id = rule.past_until_id = None
    db.session.flush()


def delete_rule(rule: TagRule) -> None:
    """Remove the rule. Who wears the tag keeps it."""
    db.session.delete(rule)
    db.session.flush()


def begin_past(rule: TagRule) -> None:
    """Begin to give the tag for everything that happened before. Does nothing while that is under way."""
    if rule.is_going_back:
        return
    rule.past_after_id, rule.past_tagged = 0, 0
    rule.past_until_id = db.session.scalar(sa.select(sa.func.coalesce(sa.func.max(ContactActivity.id), 0)))
    db.session.flush()
    after_commit(nudge, "go_back")


def stop_past(rule: TagRule) -> None:
    """No longer go through the past. Who got the tag keeps it."""
    rule.past_after_id = rule.past_until_id = None
    db.session.flush()


def meant_by(rule: TagRule, *among: sa.ColumnElement[bool]) -> sa.Select[tuple[int, int]]:
    """Contacts who get the tag for any of these activities and do not wear it yet, each with the least depth of them."""
    kind = BY_KIND[rule.activity_type]
    worn = sa.select(1).where(Tagging.tag_id == rule.tag_id, Tagging.contact_id == ContactActivity.contact_id)
    found = (
        sa.select(ContactActivity.contact_id, sa.func.min(ContactActivity.depth))
        .where(ContactActivity.activity_type == rule.activity_type, *among, *_narrowing(kind, rule.filters))
        .where(~worn.exists())
        .group_by(ContactActivity.contact_id)
        .order_by(ContactActivity.contact_id)
    )
    if rule.condition:
        found = found.join(Contact, Contact.id == ContactActivity.contact_id).where(compile_condition(rule.condition))
    return found


def tag_by_rule(rule: TagRule, found: Sequence[tuple[int, int]]) -> list[int]:
    """Give the tag to these contacts, each with the depth of its cause; the ids of those who did not wear it."""
    by_depth: dict[int, list[int]] = defaultdict(list)
    for contact_id, depth in found:
        if depth < DEEPEST:
            by_depth[depth].append(contact_id)
    new: list[int] = []
    for depth, ids in by_depth.items():
        new += tag_contacts(rule.tag, ids, Actor(name=f"Rule of the tag “{rule.tag.name}”", depth=depth + 1))
    return new


def _narrowing(kind: type[Activity], filters: Mapping[str, Any]) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    payload = {*keys_of(kind), *(key for key in kind.refers if key in kind.__dataclass_fields__)}
    for key, number in (filters.get("refers") or {}).items():
        column = ContactActivity.metadata_[key].as_integer() if key in payload else ContactActivity.subject_id
        found.append(column == number)
    for each in filters.get("values") or ():
        field = field_of(kind, each["key"], each["operator"])
        operator = OPERATORS[each["operator"]]
        given = operator.arity.read(field, each.get("value"), _NO_CLOCK)
        found.append(getattr(field.type, operator.key)(field, *given))
    return found


def _checked(kind: type[Activity], filters: Mapping[str, Any]) -> dict[str, Any]:
    """The filters, as they are kept. Raises Refused with the field of the form that is wrong."""
    refers = {
        key: int(number) for key, number in (filters.get("refers") or {}).items() if number and key in kind.refers
    }
    values = []
    for place, each in enumerate(filters.get("values") or ()):
        key, operator = str(each.get("key") or "").strip(), str(each.get("operator") or "contains")
        if not key:
            continue
        if (key not in keys_of(kind) and not takes_any_key(kind)) or not KEY.fullmatch(key):
            raise Refused({f"key_{place}": "Choose one of the values this has."})
        if operator not in (*TEXT_OPERATORS, *NUMBER_OPERATORS):
            raise Refused({f"operator_{place}": "Choose how to compare."})
        values.append(_checked_value(kind, place, key, operator, each.get("value")))
    return {"refers": refers, "values": values}


def _checked_value(kind: type[Activity], place: int, key: str, operator: str, value: Any) -> dict[str, Any]:
    field = field_of(kind, key, operator)
    if operator not in field.type.operators:
        raise Refused({f"operator_{place}": "A number cannot be compared so."})
    try:
        OPERATORS[operator].arity.read(field, value if operator not in WORDLESS else None, _NO_CLOCK)
    except BadValue as wrong:
        raise Refused({f"value_{place}": str(wrong)}) from None
    kept = {} if operator in WORDLESS else {"value": value}
    return {"key": key, "operator": operator, **kept}
