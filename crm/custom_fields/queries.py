"""Questions about custom fields and what contacts have in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from crm.conditions.mentions import MentionedByName
from crm.custom_fields.models import PREFIX, CustomField, FieldValue
from crm.database import db


def custom_fields() -> Sequence[CustomField]:
    """The fields in use, in the school's order."""
    return [each for each in every_field() if each.archived_at is None]


def every_field() -> Sequence[CustomField]:
    """Every field, archived ones too."""
    return db.session.scalars(sa.select(CustomField).order_by(CustomField.position, CustomField.id)).all()


def field_named(name: str) -> CustomField | None:
    """The field in use of this name, such as fields.level."""
    if not name.startswith(PREFIX):
        return None
    return db.session.scalar(
        sa.select(CustomField).where(CustomField.key == name.removeprefix(PREFIX), CustomField.archived_at.is_(None))
    )


def mentioned(field: CustomField) -> MentionedByName:
    """The field, as others refer to it."""
    return MentionedByName("", "", frozenset(), field.name)


def holder_count(field: CustomField) -> int:
    """How many contacts have something in the field."""
    return (
        db.session.scalar(sa.select(sa.func.count()).where(FieldValue.field_id == field.id, FieldValue.slot == 0)) or 0
    )


def values_of(contact_ids: Collection[int], fields: Sequence[CustomField]) -> dict[int, dict[str, Any]]:
    """What each of these contacts has in each field it has something in, by the field's key; one query."""
    by_id = {each.id: each for each in fields}
    found = (
        sa.select(*FieldValue.__table__.columns)
        .where(FieldValue.contact_id.in_(contact_ids), FieldValue.field_id.in_(by_id))
        .order_by(FieldValue.slot)
    )
    cells: dict[tuple[int, int], list[Any]] = defaultdict(list)
    if by_id and contact_ids:
        for row in db.session.execute(found):
            cells[row.contact_id, row.field_id].append(getattr(row, by_id[row.field_id].kind.column))
    values: dict[int, dict[str, Any]] = {each: {} for each in contact_ids}
    for (contact_id, field_id), kept in cells.items():
        values[contact_id][by_id[field_id].key] = by_id[field_id].kind.value(kept)
    return values


def value_of(contact_id: int, field: CustomField) -> Any:
    """What the contact has in the field."""
    return values_of([contact_id], [field])[contact_id].get(field.key)
