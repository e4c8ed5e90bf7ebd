"""Custom fields as what conditions may ask for."""

from __future__ import annotations

from crm.conditions.fields import Field, Option, Relation
from crm.conditions.held_type import Held
from crm.custom_fields.kinds import KINDS
from crm.custom_fields.models import CustomField, FieldValue
from crm.custom_fields.queries import custom_fields

TYPES = {key: Held(kind.asked, kind.value) for key, kind in KINDS.items()}


def fields() -> list[Field]:
    """One for each field in use, asked anew: the school may have made one a moment ago."""
    return [_field(each) for each in custom_fields()]


def _field(field: CustomField) -> Field:
    column = getattr(FieldValue, field.kind.column)
    rows = Relation(FieldValue.contact_id, column, None, where=(FieldValue.field_id == field.id,))
    choices = tuple(Option(each, each) for each in field.choices)
    return Field(field.name, field.label, TYPES[field.kind_key], "Custom fields", column, rows, choices)
