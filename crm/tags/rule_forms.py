"""The form of a rule that tags by itself: what it asks depends on the type of activity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_wtf import FlaskForm
from wtforms import SelectField, StringField
from wtforms.validators import Length

from crm.activity.vocabulary import Activity
from crm.conditions.forms import ConditionField
from crm.conditions.operators import OPERATORS
from crm.lib.form_checks import choices, trimmed
from crm.tags.models import TagRule
from crm.tags.queries import all_tags
from crm.tags.rule_words import NUMBER_OPERATORS, TEXT_OPERATORS, keys_of, named_things, noun_of, takes_any_key

PLACES = range(3)
"""So many values of an activity can be compared at once."""


class RuleForm(FlaskForm):
    """The tag and whom it is for; `rule_form` adds what the activity can be narrowed by."""

    tag = SelectField("Tag to give", coerce=int)
    condition = ConditionField("Only contacts who also match (none: everyone)")

    @property
    def filters(self) -> dict[str, Any]:
        """What narrows the activity, as written."""
        named = {name.removeprefix("ref_"): self[name].data for name in self._fields if name.startswith("ref_")}
        values = [
            {"key": self[f"key_{each}"].data, "operator": self[f"operator_{each}"].data, "value": self[f"value_{each}"].data}
            for each in PLACES
            if f"key_{each}" in self
        ]  # fmt: skip
        return {"refers": named, "values": values}


def rule_form(kind: type[Activity], rule: TagRule | None, tag_id: int | None = None) -> RuleForm:
    """The form for this type of activity, filled with the rule."""
    had = rule.filters if rule and rule.activity_type == kind.kind else {}
    fields = {**_pointing(kind, had.get("refers") or {}), **_comparing(kind, had.get("values") or [])}
    condition = {"condition": rule.condition} if rule and rule.condition else {}
    form = type("RuleForm", (RuleForm,), fields)(tag=rule.tag_id if rule else tag_id, **condition)
    form.tag.choices = [(each.id, each.name) for each in all_tags()]
    return form


def _pointing(kind: type[Activity], had: Mapping[str, int]) -> dict[str, SelectField]:
    return {
        f"ref_{key}": SelectField(
            noun_of(key).capitalize(),
            choices=choices([("", f"Any {noun_of(key)}"), *named_things(table)]),
            default=str(had.get(key, "")),
        )
        for key, table in kind.refers.items()
    }


def _comparing(kind: type[Activity], had: list[Mapping[str, Any]]) -> dict[str, Any]:
    if not keys_of(kind) and not takes_any_key(kind):
        return {}
    keys = choices([("", "Anything"), *keys_of(kind).items()])
    operators = choices((each, OPERATORS[each].label) for each in (*TEXT_OPERATORS, *NUMBER_OPERATORS))
    found: dict[str, Any] = {}
    for place in PLACES:
        known = had[place] if place < len(had) else {}
        found[f"key_{place}"] = (
            StringField("Value", [Length(max=60)], filters=[trimmed], default=known.get("key", ""))
            if takes_any_key(kind)
            else SelectField("Value", choices=keys, default=known.get("key", ""))
        )
        found[f"operator_{place}"] = SelectField("How", choices=operators, default=known.get("operator", "contains"))
        found[f"value_{place}"] = StringField(
            "With", [Length(max=500)], filters=[trimmed], default=known.get("value", "")
        )
    return found
