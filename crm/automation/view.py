"""The plain view of a contact that steps decide by, and the names its merge tags may use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crm.contacts.models import Contact
from crm.database import table_of

FACTS = (
    "first_name", "last_name", "email", "phone", "country", "city", "language", "timezone", "source", "lifecycle_stage",
)  # fmt: skip
"""The columns of a contact that a view carries, by the name merge tags use."""

MERGE_NAMES = frozenset({f"contact.{name}" for name in (*FACTS, "name")})

_contacts = table_of(Contact)
COLUMNS: tuple[sa.ColumnElement[Any], ...] = (_contacts.c.owner_id, *(_contacts.c[name] for name in FACTS))


@dataclass(slots=True)
class View:
    """A contact on the way through a workflow, at one step, at one moment."""

    contact_id: int
    owner_id: int | None
    facts: dict[str, Any]
    enrolled_at: datetime
    zone: str
    """The school's time zone."""
    arrived_at: datetime
    """When this visit to the step began."""
    has_event: bool = False
    """Whether what the step waits for has happened."""
    holds: bool = False
    """Whether the step's condition holds for the contact now."""

    def merge_values(self) -> dict[str, Any]:
        """The values of merge tags."""
        name = f"{self.facts['first_name']} {self.facts['last_name']}".strip() or self.facts["email"] or ""
        facts = {key: value or "" for key, value in self.facts.items()}
        return {"contact": {**facts, "name": name}}
