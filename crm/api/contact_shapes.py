"""How a contact is written and read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask_login import current_user
from marshmallow import fields
from marshmallow.validate import Length

from crm.api.shapes import ListArgs, Ref, Shape, an_id, moment, text
from crm.contacts.fieldset import DETAILS, Detail, details_for
from crm.contacts.models import Contact
from crm.lib.problems import Problem
from crm.tags.queries import tags_of

WRITTEN = tuple(each for each in DETAILS if each.key != "owner")


def _field(detail: Detail) -> fields.Field:
    words = f"{detail.label}. {detail.hint}".strip()
    if detail.kind == "date":
        words = f"{detail.label}, such as 2001-05-14."
    if detail.key in {"lifecycle_stage"}:
        words = f"{detail.label}: {', '.join(key for key, _ in detail.choices())}."
    return text(words, 255, allow_none=True)


class ContactFields(Shape):
    """The fields of a contact that may be written. Those left out stay as they are; null empties one."""

    owner = Ref("Who looks after the contact: the id or email address of a member of staff.", allow_none=True)
    owner_id = an_id("The same, by id.", allow_none=True)


class ContactIn(ContactFields):
    """A contact to add, or to change if there is one with this email address."""

    tags = fields.List(
        text("A slug or name.", 100),
        validate=Length(0, 50),
        metadata={"description": "Tags to add, by slug. New ones are made for those who manage tags."},
    )


class ContactOut(Shape):
    """A contact."""

    id = an_id(required=True)
    name = fields.String(required=True, metadata={"description": "What to call the contact, never empty."})
    owner_id = an_id("Who looks after the contact.", required=True, allow_none=True)
    tags = fields.List(fields.String(), required=True, metadata={"description": "Slugs of the tags worn."})
    last_activity_at = moment("When something last happened to the contact.", required=True, allow_none=True)
    created_at = moment(required=True)
    updated_at = moment(required=True)


for _shape in (ContactFields, ContactIn, ContactOut):
    _shape._declared_fields = {**{each.key: _field(each) for each in WRITTEN}, **_shape._declared_fields}


class ContactListArgs(ListArgs):
    """Which contacts."""

    q = fields.String(metadata={"description": "Words that name, email or phone begin with."})
    tag = fields.List(fields.String(), metadata={"description": "Slug or id; of several, any."})
    owner = fields.String(metadata={"description": "Id or email address of a member of staff, or `none`."})
    email = fields.String(metadata={"description": "Exactly this address."})


def shown(contacts: Sequence[Contact]) -> list[dict[str, Any]]:
    """Contacts as they are answered."""
    worn = tags_of([each.id for each in contacts])
    return [_shown(each, [tag.slug for tag in worn[each.id]]) for each in contacts]


def _shown(contact: Contact, tags: list[str]) -> dict[str, Any]:
    own = {each.key: _written(each.value_of(contact)) for each in WRITTEN}
    rest = ("id", "name", "owner_id", "last_activity_at", "created_at", "updated_at")
    return {**own, **{key: getattr(contact, key) for key in rest}, "tags": tags}


def _written(value: Any) -> str | None:
    return None if value is None else str(value)


def values_of(sent: Mapping[str, Any]) -> dict[str, Any]:
    """What was sent, by the fields of a contact. Raises Problem for an owner this caller may not choose."""
    values = {key: value for key, value in sent.items() if key not in {"tags", "owner_id"}}
    if "owner_id" in sent:
        values.setdefault("owner", sent["owner_id"])
    if refused := set(values) - {each.key for each in details_for(current_user)}:
        raise Problem(422, errors=[{"pointer": f"/{key}", "detail": "You may not choose this."} for key in refused])
    return values


def errors_of(problems: Mapping[str, str], keys: Iterable[str] = ()) -> list[dict[str, str]]:
    """What an operation refused, by JSON pointer."""
    names = {"owner": "owner_id"} if "owner" not in keys and "owner_id" in keys else {}
    return [{"pointer": f"/{names.get(key, key)}", "detail": text} for key, text in problems.items()]
