"""The contacts of a list as rows: every field the viewer may know, a few hundred contacts at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import selectinload

from crm.contacts.fieldset import Detail, details_for
from crm.contacts.models import Contact
from crm.contacts.queries import scope
from crm.database import db
from crm.lib import clock
from crm.users.models import User

CHUNK = 500
Cells = list[Any]


class Rows:
    """The rows of these contacts for this viewer; those out of sight meanwhile are left out."""

    def __init__(self, ids: Sequence[int], viewer: User) -> None:
        self.ids = ids
        self.viewer = viewer
        self.details: tuple[Detail, ...] = details_for(viewer)
        self.known: dict[tuple[str, str], Any] = {}
        """What a value reads as, by field and value: most are shared by many contacts."""

    @property
    def heading(self) -> Cells:
        return [*(each.label for each in self.details), "Tags", "Last activity", "Added"]

    def chunks(self) -> Iterator[list[Cells]]:
        """The rows in order, so many at a time."""
        for start in range(0, len(self.ids), CHUNK):
            yield self._rows(self.ids[start : start + CHUNK])

    def _rows(self, ids: Sequence[int]) -> list[Cells]:
        found = (
            sa.select(Contact)
            .where(Contact.id.in_(ids), scope(self.viewer))
            .options(selectinload(Contact.field_values))
        )
        by_id = {each.id: each for each in db.session.scalars(found)}
        tags = next(each for each in current_app.extensions["contact_columns"] if each.key == "tags").load(ids)
        return [self._cells(by_id[each], tags[each]) for each in ids if each in by_id]

    def _cells(self, contact: Contact, tags: Sequence[Any]) -> Cells:
        moments = (contact.last_activity_at, contact.created_at)
        return [
            *(self._cell(each, contact) for each in self.details),
            ", ".join(tag.name for tag in tags),
            *(self._moment(each) for each in moments),
        ]

    def _cell(self, detail: Detail, contact: Contact) -> Any:
        value = detail.value_of(contact)
        key = (detail.key, repr(value))
        if key not in self.known:
            self.known[key] = _shown(detail, value)
        return self.known[key]

    def _moment(self, moment: datetime | None) -> str:
        return f"{clock.local(moment, self.viewer.timezone):%Y-%m-%d %H:%M}" if moment else ""


def _shown(detail: Detail, value: Any) -> Any:
    """The value as the file has it: dates as programs write them, numbers as numbers, the rest in words."""
    if isinstance(value, date):
        return value.isoformat()
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return value if is_number and detail.kind == "number" else detail.words_for(value)
