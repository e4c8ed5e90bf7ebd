"""The pipeline: contacts by lifecycle stage, the newest in each first, the same quick at a thousand and at a million."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crm.contacts.listing import Wanted, matching
from crm.contacts.models import LIFECYCLE_STAGES, Contact
from crm.database import db
from crm.lib import clock
from crm.users.models import User

CARDS = 50
COUNTED = 1_000
"""Counts stop here and say so."""


@dataclass(frozen=True)
class Card:
    """A contact on the board."""

    id: int
    name: str
    owner: str
    days: int
    """How many days ago it came to its stage, by the viewer's calendar."""


@dataclass(frozen=True)
class Stage:
    """A column: its first cards, and how many it has, counted up to one more than COUNTED."""

    key: str
    label: str
    cards: Sequence[Card]
    count: int


def board(wanted: Wanted, viewer: User, now: datetime) -> list[Stage]:
    """Every stage with those of the list who are in it."""
    return [_stage(key, label, wanted, viewer, now) for key, label in LIFECYCLE_STAGES.items()]


def _stage(key: str, label: str, wanted: Wanted, viewer: User, now: datetime) -> Stage:
    found = matching(wanted, viewer).where(Contact.lifecycle_stage == key)
    some = found.limit(COUNTED + 1).subquery()
    count = db.session.scalar(sa.select(sa.func.count()).select_from(some)) or 0
    shown = (
        Contact.first_name,
        Contact.last_name,
        Contact.email,
        Contact.phone,
        Contact.stage_changed_at,
        Contact.created_at,
    )
    cards = (
        found.add_columns(*shown, User.name.label("owner_name"))
        .outerjoin(User, User.id == Contact.owner_id)
        .order_by(Contact.stage_changed_at.desc(), Contact.id.desc())
        .limit(CARDS)
    )
    return Stage(key, label, [_card(row, now, viewer.timezone) for row in db.session.execute(cards)], count)


def _card(row: sa.Row[Any], now: datetime, zone: str) -> Card:
    name = f"{row.first_name} {row.last_name}".strip() or row.email or row.phone or f"Contact {row.id}"
    since = row.stage_changed_at or row.created_at
    return Card(
        row.id,
        name,
        row.owner_name or "",
        max(0, (clock.local(now, zone).date() - clock.local(since, zone).date()).days),
    )
