"""The fields and operators as JSON, for the API and for programs that build conditions."""

from collections.abc import Mapping
from typing import Any

from crm.conditions.fields import Field, registered_fields
from crm.conditions.operators import OPERATORS, Operator
from crm.conditions.reading import DEEPEST, MOST_CLAUSES


def schema(fields: Mapping[str, Field] | None = None) -> dict[str, Any]:
    """Every field with its type, operators and choices, every operator, and the JSON schema of a condition."""
    known = registered_fields() if fields is None else fields
    return {
        "fields": [describe_field(field) for field in known.values()],
        "operators": [describe_operator(operator) for operator in OPERATORS.values()],
        "condition": condition_schema(known),
    }


def describe_field(field: Field) -> dict[str, Any]:
    return {
        "key": field.key,
        "label": field.label,
        "group": field.group,
        "type": field.type.kind,
        "operators": list(field.operator_keys),
        "choices": [{"value": option.value, "label": option.label} for option in field.options()],
    }


def describe_operator(operator: Operator) -> dict[str, Any]:
    return {"key": operator.key, "label": operator.label, "values": operator.arity.key}


def condition_schema(fields: Mapping[str, Field]) -> dict[str, Any]:
    """JSON Schema of a condition, draft 2020-12. What a value may be depends on its field; `validate` knows."""
    clause = {
        "type": "object",
        "required": ["field", "operator"],
        "properties": {"field": {"enum": list(fields)}, "operator": {"enum": list(OPERATORS)}, "value": {}},
    }
    group = {
        "type": "object",
        "required": ["conditions"],
        "properties": {
            "match": {"enum": ["all", "any"], "default": "all"},
            "conditions": {
                "type": "array",
                "items": {"anyOf": [{"$ref": "#/$defs/group"}, {"$ref": "#/$defs/clause"}]},
            },
        },
    }
    title = (
        f"Clauses that must hold: at most {MOST_CLAUSES}, groups at most {DEEPEST} levels deep; empty means everyone"
    )
    return {"title": title, "$ref": "#/$defs/group", "$defs": {"group": group, "clause": clause}}
