"""Adding, changing and deleting contacts: the one set that screens, imports, the API and workflows use.

Values are given by field as people write them and checked by `fieldset`. What cannot be is raised as `Refused`, nothing written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from crm.activity.operations import emit
from crm.activity.vocabulary import SYSTEM, Activity, Actor, ContactCreated, ContactUpdated, StageChanged
from crm.contacts.fieldset import DETAILS, detail_named, parse_all
from crm.contacts.indexing import reindex
from crm.contacts.models import Contact
from crm.contacts.spelling import forget
from crm.custom_fields.models import PREFIX
from crm.custom_fields.operations import write_values
from crm.custom_fields.queries import field_named
from crm.database import db
from crm.lib import clock
from crm.recovery.models import DeletedRecord
from crm.recovery.operations import keep

SEARCHED = {"first_name", "last_name", "email", "phone"}
TAKEN = "Another contact already has this email address."
TAKEN_ID = "Another contact already has this external ID."
OWN_GUARDIAN = "A contact cannot be this to themselves."
NAMELESS = "Give at least a name, an email address or a phone number."


class Refused(Exception):
    """What was asked for cannot be. `problems` says why, by field; `twin_id` is the contact who has the address already."""

    def __init__(self, problems: dict[str, str], twin_id: int | None = None):
        super().__init__(" ".join(problems.values()))
        self.problems = problems
        self.twin_id = twin_id


class Overtaken(Exception):
    """Somebody else changed the field `key` since it was shown."""

    def __init__(self, key: str):
        super().__init__(key)
        self.key = key


def create_contact(values: Mapping[str, Any], by: Actor, source: str = "") -> Contact:
    """A new contact; `source` tells where it came from if `values` do not. Raises Refused."""
    clean, problems = parse_all(values)
    _refuse_twin(clean.get("email"), problems)
    kept = {key: value for key, value in clean.items() if value is not None and not key.startswith(PREFIX)}
    contact = Contact(**{"source": source or None, **kept})
    if not any(getattr(contact, key) for key in SEARCHED):
        problems.setdefault("first_name", NAMELESS)
    if problems:
        raise Refused(problems)
    db.session.add(contact)
    _write(contact)
    _write_custom(contact, clean)
    emit(ContactCreated(contact_id=contact.id, source=contact.source or "", country=contact.country or "", by=by))
    return contact


def update_contact(
    contact: Contact, values: Mapping[str, Any], by: Actor, seen: Mapping[str, str] | None = None
) -> dict[str, list[str]]:
    """Change these fields; returns the old and new text of those that differ. Raises Refused.

    `seen` holds the texts the change was based on: where the contact has since become something else, Overtaken is raised.
    """
    clean, problems = parse_all(values, contact.country)
    _refuse_twin(clean.get("email"), problems, contact)
    remaining = {key: clean.get(key, getattr(contact, key)) for key in SEARCHED}
    if not any(remaining.values()):
        problems.setdefault(next(iter(values), "first_name"), NAMELESS)
    if contact.id in (clean.get("guardian_id"), clean.get("referrer_id")):
        problems[next(each for each in ("guardian", "referrer") if clean.get(f"{each}_id") == contact.id)] = (
            OWN_GUARDIAN
        )
    if problems:
        raise Refused(problems, None)
    changes = _changes(contact, clean)
    _refuse_overtaken(contact, changes, seen or {})
    happened = facts_of(contact.id, contact.lifecycle_stage, clean, changes, by)
    for column, value in clean.items():
        if not column.startswith(PREFIX):
            setattr(contact, column, value)
    if changes:
        if "lifecycle_stage" in changes:
            contact.stage_changed_at = clock.now()
        _write(contact)
        _write_custom(contact, {key: value for key, value in clean.items() if key in changes})
        emit(*happened)
    return changes


def facts_of(
    contact_id: int, stage: str, clean: Mapping[str, Any], changes: Mapping[str, list[str]], by: Actor
) -> list[Activity]:
    """What happened when these changes were made to a contact who was in this stage: a new stage is a fact of its own."""
    others = {key: each for key, each in changes.items() if key != "lifecycle_stage"}
    facts: list[Activity] = []
    if others:
        facts.append(ContactUpdated(contact_id=contact_id, changes=others, by=by))
    if "lifecycle_stage" in changes:
        facts.append(StageChanged(contact_id=contact_id, old=stage, new=clean["lifecycle_stage"], by=by))
    return facts


def delete_contact(contact: Contact, by: Actor = SYSTEM) -> DeletedRecord:
    """Remove the contact and everything recorded about them; until DELETED_KEPT_DAYS are over it can be brought back."""
    kept = keep("contacts", contact.id, contact.name, contact.email, by)
    remove_contact(contact)
    return kept


def remove_contact(contact: Contact) -> None:
    """Remove the contact and everything recorded about them, keeping nothing."""
    name = contact.sort_name
    db.session.delete(contact)
    db.session.flush()
    forget([name])


def _changes(contact: Contact, clean: Mapping[str, Any]) -> dict[str, list[str]]:
    """The old and new words of each field that `clean` would change."""
    custom = [each for key in clean if key.startswith(PREFIX) and (each := detail_named(key))]
    return {
        each.key: [each.words_for(each.value_of(contact)), each.words_for(clean[each.column or each.key])]
        for each in (*DETAILS, *custom)
        if (column := each.column or each.key) in clean and clean[column] != each.value_of(contact)
    }


def _write_custom(contact: Contact, clean: Mapping[str, Any]) -> None:
    for key, value in clean.items():
        if field := field_named(key):
            write_values(field, {contact.id: value})
    db.session.expire(contact, ["field_values"])


def _refuse_overtaken(contact: Contact, changes: Mapping[str, Any], seen: Mapping[str, str]) -> None:
    for key in changes:
        detail = detail_named(key)
        if detail and key in seen and seen[key] != detail.text_of(contact):
            raise Overtaken(key)


def _refuse_twin(email: str | None, problems: dict[str, str], contact: Contact | None = None) -> None:
    if not email or (contact and contact.email == email):
        return
    twin_id = db.session.scalar(sa.select(Contact.id).where(Contact.email == email))
    if twin_id:
        raise Refused({**problems, "email": TAKEN}, twin_id)


def _write(contact: Contact) -> None:
    """Store and index; two who take one address at the same moment are told apart here."""
    try:
        db.session.flush()
    except sa.exc.IntegrityError as error:
        text = str(error.orig)
        if "external_id" in text:
            raise Refused({"external_id": TAKEN_ID}) from None
        if "email" not in text:
            raise
        raise Refused({"email": TAKEN}) from None
    reindex([contact.id])
