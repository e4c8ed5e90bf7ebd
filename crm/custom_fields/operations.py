"""Making and changing custom fields, and writing what contacts have in them.

`write_values` tells nobody: the operations of contacts, imports and bulk actions call it and emit what changed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crm.custom_fields.kinds import KINDS
from crm.custom_fields.models import CustomField, FieldValue
from crm.custom_fields.queries import every_field
from crm.database import db, table_of
from crm.lib import clock
from crm.lib.bulk import execute_many

MOST = 100
VALUES = table_of(FieldValue)
_INSERT = sa.insert(VALUES)
EMPTY = {"text": None, "number": None, "day": None, "flag": None}


class Refused(Exception):
    """What was asked for cannot be; `problems` says why in words, by field of the form."""

    def __init__(self, problems: dict[str, str]):
        super().__init__(" ".join(problems.values()))
        self.problems = problems


def create_field(
    label: str,
    kind: str,
    *,
    key: str = "",
    help: str = "",
    choices: Sequence[str] = (),
    is_required: bool = False,  # noqa: A002
) -> CustomField:
    """A new field at the end of the list. Its key and kind never change. Raises Refused."""
    if kind not in KINDS:
        raise Refused({"kind": "Choose a kind."})
    if len(every_field()) >= MOST:
        raise Refused({"label": f"There can be {MOST} fields. Delete one that is not needed."})
    field = CustomField(kind_key=kind, key=_free_key(key or label, is_given=bool(key)))
    field.position = max((each.position for each in every_field()), default=0) + 1
    update_field(field, label, help=help, choices=choices, is_required=is_required)
    db.session.add(field)
    db.session.flush()
    return field


def update_field(
    field: CustomField,
    label: str,
    *,
    help: str = "",
    choices: Sequence[str] = (),
    is_required: bool = False,  # noqa: A002
) -> None:
    """Change what the field is called and offers. What contacts have stays, even in a choice no longer offered. Raises Refused."""
    label, chosen = " ".join(label.split()), _tidy(choices)
    problems = {"label": "Give the field a name of up to 80 characters."} if not 0 < len(label) <= 80 else {}
    if field.kind.has_choices and not 0 < len(chosen) <= 200:
        problems["choices"] = "Write the choices, one on each line, 200 at most."
    if any(len(each) > 100 or re.search("[;|,]", each) for each in chosen):
        problems["choices"] = "A choice has up to 100 characters, without comma, semicolon and bar."
    if problems:
        raise Refused(problems)
    field.label, field.help, field.is_required = label, " ".join(help.split())[:200], is_required
    field.choices = chosen if field.kind.has_choices else []


def archive_field(field: CustomField) -> None:
    """Show the field nowhere, and keep what contacts have in it."""
    field.archived_at = field.archived_at or clock.now()


def restore_field(field: CustomField) -> None:
    """Show it again."""
    field.archived_at = None


def delete_field(field: CustomField) -> None:
    """Remove the field and everything contacts have in it."""
    db.session.execute(sa.delete(VALUES).where(VALUES.c.field_id == field.id))
    db.session.delete(field)
    db.session.flush()


def move_field(field: CustomField, step: int) -> None:
    """Put the field so many places up (negative) or down among the others."""
    ordered = list(every_field())
    at = ordered.index(field)
    ordered.insert(max(0, min(len(ordered) - 1, at + step)), ordered.pop(at))
    for number, each in enumerate(ordered):
        each.position = number


def write_values(field: CustomField, values: Mapping[int, Any]) -> None:
    """Let each of these contacts have this value in the field, in place of what they had; None leaves nothing."""
    clear_values(field, values)
    rows = [
        {"contact_id": contact_id, "field_id": field.id, "slot": slot, **EMPTY, field.kind.column: cell}
        for contact_id, value in values.items()
        for slot, cell in enumerate(field.kind.cells(value))
    ]
    execute_many(db.session.connection(), _INSERT, rows)


def clear_values(field: CustomField, contact_ids: Collection[int]) -> None:
    """Let these contacts have nothing in the field."""
    ids = list(contact_ids)
    for start in range(0, len(ids), 500):
        some = VALUES.c.contact_id.in_(ids[start : start + 500])
        db.session.execute(sa.delete(VALUES).where(VALUES.c.field_id == field.id, some))


def key_of(text: str) -> str:
    """The name programs use, made of a label: small letters, digits and underscores, a letter first."""
    plain = unicodedata.normalize("NFKD", text).casefold().encode("ascii", "ignore").decode()
    return re.sub("[^a-z0-9]+", "_", plain).strip("_")[:50]


def _free_key(text: str, *, is_given: bool) -> str:
    key, taken = key_of(text), {each.key for each in every_field()}
    if not key or not key[0].isalpha():
        key = f"field_{key}".rstrip("_")
    if key not in taken:
        return key
    if is_given:
        raise Refused({"key": "Another field has this key."})
    return next(each for number in range(2, MOST + 2) if (each := f"{key}_{number}") not in taken)


def _tidy(choices: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(text for each in choices if (text := " ".join(each.split()))))
