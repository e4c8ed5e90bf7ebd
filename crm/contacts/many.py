"""Giving many contacts the same value in a field, in a few statements, and giving back what they had."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from crm.activity.operations import emit_all
from crm.activity.vocabulary import Actor
from crm.contacts.fieldset import CustomDetail, Detail, detail_named, parse_all
from crm.contacts.models import Contact
from crm.contacts.operations import facts_of
from crm.custom_fields.operations import write_values
from crm.custom_fields.queries import values_of
from crm.database import db, table_of
from crm.lib import clock

CONTACTS = table_of(Contact)


def change_many(ids: Sequence[int], key: str, text: str, by: Actor) -> dict[int, Any]:
    """Let the field of at most 1,000 contacts be what is written; what those who had something else had, as JSON.

    A value that can no longer be, such as a person who left, changes nobody.
    """
    detail, (clean, problems) = detail_named(key), parse_all({key: text})
    if detail is None or problems:
        return {}
    return _change(detail, next(iter(clean.values())), _stored(detail, ids), by)


def restore_many(changes: Mapping[int, Any], key: str, text: str, by: Actor) -> None:
    """Give back what these contacts had before `change_many` with the same text, where they still have what it set."""
    detail, (clean, problems) = detail_named(key), parse_all({key: text})
    if detail is None:
        return
    alike: dict[str, dict[int, Any]] = defaultdict(dict)
    now = _stored(detail, list(changes))
    for contact_id, value in now.items():
        if problems or value == next(iter(clean.values())):
            alike[repr(changes[contact_id])][contact_id] = value
    for group in alike.values():
        _change(detail, _from_json(detail, changes[next(iter(group))]), group, by)


def _change(detail: Detail, value: Any, had: Mapping[int, Any], by: Actor) -> dict[int, Any]:
    """Write the value where it differs, and emit; what was there, as JSON."""
    before = {contact_id: old for contact_id, old in had.items() if old != value}
    if not before:
        return {}
    if isinstance(detail, CustomDetail):
        write_values(detail.field, dict.fromkeys(before, value))
    else:
        _write(detail.column or detail.key, value, list(before))
    words = detail.words_for(value)
    said = {repr(old): detail.words_for(old) for old in before.values()}
    clean = {detail.column or detail.key: value}
    emit_all(
        fact
        for contact_id, old in before.items()
        for fact in facts_of(contact_id, str(old), clean, {detail.key: [said[repr(old)], words]}, by)
    )
    return {contact_id: old.isoformat() if isinstance(old, date) else old for contact_id, old in before.items()}


def _write(column: str, value: Any, ids: list[int]) -> None:
    stage = {"stage_changed_at": clock.now()} if column == "lifecycle_stage" else {}
    for start in range(0, len(ids), 500):
        some = CONTACTS.c.id.in_(ids[start : start + 500])
        db.session.execute(sa.update(CONTACTS).where(some).values({column: value, "updated_at": clock.now(), **stage}))


def _stored(detail: Detail, ids: Sequence[int]) -> dict[int, Any]:
    """What each of these contacts has in the field."""
    found: dict[int, Any] = {}
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        if isinstance(detail, CustomDetail):
            values = values_of(some, [detail.field])
            found |= {contact_id: values[contact_id].get(detail.field.key) for contact_id in some}
        else:
            column = CONTACTS.c[detail.column or detail.key]
            found |= dict(db.session.execute(sa.select(CONTACTS.c.id, column).where(CONTACTS.c.id.in_(some))).all())
    return found


def _from_json(detail: Detail, value: Any) -> Any:
    is_day = isinstance(detail, CustomDetail) and detail.field.kind.column == "day"
    return date.fromisoformat(value) if is_day and value else value
