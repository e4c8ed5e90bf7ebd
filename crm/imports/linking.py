"""Whom a row points at: a contact by address, external ID, id or name."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from crm.contacts.models import Contact, sort_name
from crm.database import db

CHUNK = 500


def resolve(texts: Collection[str]) -> dict[str, int]:
    """Each of these texts that means exactly one contact → their id: an address, else an external ID, else an id, else a name."""
    found: dict[str, int] = {}
    emails = [each for each in texts if "@" in each]
    others = [each for each in texts if "@" not in each]
    numbers = [int(each) for each in others if each.isascii() and each.isdigit() and len(each) < 19]
    names = {sort_name(each, "", None): each for each in others}
    counted: dict[str, list[int]] = {}
    for name, contact_id in _pairs(Contact.sort_name, list(names)):
        counted.setdefault(names[name], []).append(contact_id)
    found |= {text: ids[0] for text, ids in counted.items() if len(ids) == 1}
    found |= {str(number): contact_id for number, contact_id in _pairs(Contact.id, numbers)}
    found |= dict(_pairs(Contact.external_id, others))
    return found | dict(_pairs(Contact.email, emails))


def _pairs(column: Any, values: list[Any]) -> list[tuple[Any, int]]:
    found: list[tuple[Any, int]] = []
    for start in range(0, len(values), CHUNK):
        some = sa.select(column, Contact.id).where(column.in_(values[start : start + CHUNK]))
        found += [(row[0], row[1]) for row in db.session.execute(some)]
    return found
