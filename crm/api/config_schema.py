"""What a configuration of a trigger or step looks like, as JSON schema made from the form that checks it."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, Field, IntegerField, RadioField, SelectField
from wtforms.validators import InputRequired, Length, NumberRange, Regexp

from crm.automation.declared import Declared
from crm.conditions.fields import Field as Fact
from crm.conditions.forms import ConditionField
from crm.conditions.operators import LONGEST_LIST, Operator
from crm.conditions.schema import condition_schema, describe_field

VALUES: dict[str, dict[str, Any]] = {
    "none": {"description": "No value."},
    "one": {"type": ["string", "number", "boolean", "object"], "description": "One value of the field's type."},
    "two": {"description": "A lower and an upper bound, or a period in words.", "type": ["array", "object", "string"]},
    "many": {"type": "array", "minItems": 1, "maxItems": LONGEST_LIST},
}


def describe_type(declared: Declared, facts: dict[str, Fact]) -> dict[str, Any]:
    """A type of trigger or step for programs: its key, words, and the schema of its configuration."""
    about = {"key": declared.kind, "label": declared.label, "group": declared.group, "description": declared.help}
    return {**about, "schema": config_schema(declared, facts)}


def config_schema(declared: Declared, facts: dict[str, Fact]) -> dict[str, Any]:
    """The JSON schema of a type's configuration."""
    form = declared.form()
    schema: dict[str, Any] = {"type": "object", "additionalProperties": False}
    schema["properties"] = {field.name: _property(field, declared, facts) for field in form}
    needed = [field.name for field in form if any(isinstance(each, InputRequired) for each in field.validators)]
    return {**schema, "required": needed} if needed else schema


def describe_fact(field: Fact) -> dict[str, Any]:
    """A field of conditions for programs."""
    described = describe_field(field)
    values = [each["value"] for each in described["choices"]]
    return {
        **described,
        "schema": {"enum": values} if values else {"description": f"A value of type {field.type.kind}."},
    }


def describe_operator(operator: Operator) -> dict[str, Any]:
    """An operator of conditions for programs."""
    values = operator.arity.key
    return {"key": operator.key, "label": operator.label, "values": values, "schema": VALUES[values]}


def _property(field: Field, declared: Declared, facts: dict[str, Fact]) -> dict[str, Any]:
    about = {"title": field.label.text}
    if field.description:
        about["description"] = str(field.description)
    if isinstance(field, ConditionField):
        return {**condition_schema(facts), **about}
    if field.name in declared.references:
        noun = declared.references[field.name].noun
        return {**about, "type": ["integer", "string"], "description": f"The id or slug of a {noun}."}
    return {**about, **_kind(field), **_limits(field)}


def _kind(field: Field) -> dict[str, Any]:
    if isinstance(field, BooleanField):
        return {"type": "boolean"}
    if isinstance(field, IntegerField):
        return {"type": "integer"}
    if isinstance(field, SelectField | RadioField):
        return {"enum": [value for value, *_ in field.iter_choices()]}
    return {"type": "string"}


def _limits(field: Field) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in field.validators:
        if isinstance(each, Length):
            found |= {"maxLength": each.max} if each.max > 0 else {}
        elif isinstance(each, NumberRange):
            found |= {
                name: bound for name, bound in (("minimum", each.min), ("maximum", each.max)) if bound is not None
            }
        elif isinstance(each, Regexp):
            found["pattern"] = each.regex.pattern
    default = field.default
    return {**found, "default": default} if isinstance(default, str | int) and default != "" else found
