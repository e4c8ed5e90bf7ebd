"""Adding a contact, or changing the one who has the address already: what programs do that do not know which it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm.activity.vocabulary import Actor
from crm.contacts import parsing
from crm.contacts.models import Contact
from crm.contacts.operations import TAKEN, Refused, create_contact, update_contact
from crm.contacts.queries import visible_contacts
from crm.database import db
from crm.users.models import User

TRIES = 3


def upsert_contact(values: Mapping[str, Any], viewer: User, by: Actor) -> tuple[Contact, bool]:
    """The contact with this email address, given these values, and whether it was made. Of two at the same moment one makes it.

    Whoever sees only assigned contacts becomes the owner of what they add. Raises Refused, also for a contact out of their sight.
    """
    email = _address(values)
    for left in reversed(range(TRIES)):
        contact = _seen(email, viewer) if email else None
        if contact:
            update_contact(contact, values, by)
            return contact, False
        try:
            with db.session.begin_nested():
                return create_contact(_owned(values, viewer), by), True
        except Refused as refused:
            if refused.problems.get("email") != TAKEN or not left:
                raise
    raise AssertionError("the last try returns or raises")


def _address(values: Mapping[str, Any]) -> str | None:
    given = values.get("email")
    return parsing.email(given)[0] if isinstance(given, str) else None


def _seen(email: str, viewer: User) -> Contact | None:
    return db.session.scalar(visible_contacts(viewer).where(Contact.email == email).with_for_update(of=Contact))


def _owned(values: Mapping[str, Any], viewer: User) -> Mapping[str, Any]:
    return {**values, "owner": str(viewer.id)} if viewer.sees_assigned_only else values
