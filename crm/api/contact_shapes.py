"""How a contact is written and read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask_login import current_user
from marshmallow import fields
from marshmallow.validate import Length
from sqlalchemy.orm import selectinload

from crm.api.shapes import ListArgs, Ref, Shape, an_id, moment, text
from crm.contacts.fieldset import DETAILS, Detail, details_for
from crm.contacts.models import Contact
from crm.database import db
from crm.lib.problems import Problem
from crm.tags.queries import tags_of

LINKED = tuple(each for each in DETAILS if each.column not in {"", each.key})
WRITTEN = tuple(each for each in DETAILS if each not in LINKED)
WHOM = {"owner": "Who looks after the contact: the id or email address of a member of staff."}


def _field(detail: Detail) -> fields.Field:
    words = f"{detail.label}. {detail.hint}".strip()
    if detail.kind == "date":
        words = f"{detail.label}, such as 2001-05-14."
    if detail.key in {"lifecycle_stage"}:
        words = f"{detail.label}: {', '.join(key for key, _ in detail.choices())}."
    return text(words, 255, allow_none=True)


def _linked(detail: Detail) -> dict[str, fields.Field]:
    """A field that points at something, by name or id, and the same by id alone."""
    words = WHOM.get(detail.key) or f"{detail.label}, by id or name. {detail.hint}".strip()
    return {detail.key: Ref(words, allow_none=True), detail.column: an_id("The same, by id.", allow_none=True)}


class ContactFields(Shape):
    """The fields of a contact that may be written. Those left out stay as they are; null empties one."""

    custom_fields = fields.Dict(
        keys=text(most=60),
        metadata={"description": "The school's own fields, by key. Those left out stay as they are."},
    )


class ContactIn(ContactFields):
    """A contact to add, or to change if there is one with this email address."""

    tags = fields.List(
        text("A slug or name.", 100),
        validate=Length(0, 50),
        metadata={"description": "Tags to add, by slug. New ones are made for those who manage tags."},
    )
    double_opt_in = fields.Boolean(
        metadata={"description": "Ask a new contact to confirm the address by email; no marketing before that."}
    )


class ContactOut(Shape):
    """A contact."""

    id = an_id(required=True)
    name = fields.String(required=True, metadata={"description": "What to call the contact, never empty."})
    custom_fields = fields.Dict(required=True, metadata={"description": "The school's own fields, by key."})
    tags = fields.List(fields.String(), required=True, metadata={"description": "Slugs of the tags worn."})
    last_activity_at = moment("When something last happened to the contact.", required=True, allow_none=True)
    created_at = moment(required=True)
    updated_at = moment(required=True)


_plain = {each.key: _field(each) for each in WRITTEN}
_links = {key: field for each in LINKED for key, field in _linked(each).items()}
_ids = {each.column: an_id(f"{each.label}.", required=True, allow_none=True) for each in LINKED}
ContactFields._declared_fields = {**_plain, **_links, **ContactFields._declared_fields}
ContactIn._declared_fields = {**_plain, **_links, **ContactIn._declared_fields}
ContactOut._declared_fields = {**_plain, **_ids, **ContactOut._declared_fields}


class ContactListArgs(ListArgs):
    """Which contacts."""

    q = fields.String(metadata={"description": "Words that name, email or phone begin with."})
    tag = fields.List(fields.String(), metadata={"description": "Slug or id; of several, any."})
    audience = fields.List(fields.String(), metadata={"description": "Slug or id; of several, any."})
    owner = fields.String(metadata={"description": "Id or email address of a member of staff, or `none`."})
    email = fields.String(metadata={"description": "Exactly this address."})


def shown(contacts: Sequence[Contact]) -> list[dict[str, Any]]:
    """Contacts as they are answered."""
    worn = tags_of([each.id for each in contacts])
    own = own_details()
    if own:
        _gather_values(contacts)
    return [_shown(each, own, [tag.slug for tag in worn[each.id]]) for each in contacts]


def _gather_values(contacts: Sequence[Contact]) -> None:
    """Fetch what these contacts have in the school's own fields, at once."""
    missing = [each.id for each in contacts if "field_values" in sa.inspect(each).unloaded]
    if missing:
        some = sa.select(Contact).where(Contact.id.in_(missing)).options(selectinload(Contact.field_values))
        db.session.scalars(some).all()


def own_details() -> dict[str, Detail]:
    """The fields the school made itself, by the key they have here."""
    return {each.key.rpartition(".")[2]: each for each in details_for(current_user) if each not in DETAILS}


def _shown(contact: Contact, own: Mapping[str, Detail], tags: list[str]) -> dict[str, Any]:
    plain = {each.key: _written(each.value_of(contact)) for each in WRITTEN}
    links = {each.column: each.value_of(contact) for each in LINKED if not _is_hidden(each)}
    custom = {key: _told(each.value_of(contact)) for key, each in own.items()}
    rest = ("id", "name", "last_activity_at", "created_at", "updated_at")
    about = {key: getattr(contact, key) for key in rest}
    return {**dict.fromkeys(_ids), **plain, **links, **about, "custom_fields": custom, "tags": tags}


def _is_hidden(detail: Detail) -> bool:
    """Whether it points at somebody this caller may not know of."""
    return detail.kind == "contact" and current_user.sees_assigned_only


def _written(value: Any) -> str | None:
    return None if value is None else str(value)


def _told(value: Any) -> Any:
    return str(value) if isinstance(value, date) else value


def values_of(sent: Mapping[str, Any]) -> dict[str, Any]:
    """What was sent, by the fields of a contact. Raises Problem for what this caller may not choose, or there is not."""
    ids = {each.column: each.key for each in LINKED}
    values = {key: value for key, value in sent.items() if key not in {"tags", "custom_fields", "double_opt_in", *ids}}
    for column in ids.keys() & sent.keys():
        values.setdefault(ids[column], sent[column])
    may = {each.key for each in details_for(current_user)}
    refused = {key: "You may not choose this." for key in values if key not in may}
    own = own_details()
    for key, value in sent.get("custom_fields", {}).items():
        if key in own:
            values[own[key].key] = value
        else:
            refused[f"custom_fields/{key}"] = "There is no such field."
    if refused:
        raise Problem(422, errors=errors_of(refused, sent))
    return values


def errors_of(problems: Mapping[str, str], sent: Mapping[str, Any]) -> list[dict[str, str]]:
    """What an operation refused, by JSON pointer."""
    names = {each.key: each.column for each in LINKED if each.key not in sent and each.column in sent}
    names |= {each.key: f"custom_fields/{key}" for key, each in own_details().items()}
    return [{"pointer": f"/{names.get(key, key)}", "detail": text} for key, text in problems.items()]
