"""How often marketing may come: the school's cap for everyone, and the slower pace a contact chose. Counted over the ledgers of all channels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

import sqlalchemy as sa
from flask import current_app

from crm.database import Base, db, table_of
from crm.delivery.models import Ledger

PACES = {"weekly": (1, 7), "monthly": (1, 30)}
PATIENCE = timedelta(days=1)
"""How long a message waits for its turn; one that would wait longer is skipped, so that old news does not pile up."""
GONE_OUT = ("sent", "delivered", "unknown")
ON_ITS_WAY = ("claimed", "sending")


@dataclass(frozen=True)
class Cap:
    """At most so many marketing messages within so many days."""

    most: int
    days: int

    @property
    def words(self) -> str:
        return f"{self.most} in {self.days} day{'' if self.days == 1 else 's'}"


def caps_for(frequency: str | None) -> list[Cap]:
    """What holds for a contact with this pace."""
    most, days = (int(current_app.config[key] or 0) for key in ("MARKETING_CAP", "MARKETING_CAP_DAYS"))
    school = [Cap(most, days)] if most and days else []
    return [*school, Cap(*PACES[frequency])] if frequency in PACES else school


def free_at(cap: Cap, sent: Collection[datetime], now: datetime) -> datetime:
    """When one more may go: now, if the cap is not reached."""
    within = sorted(each for each in sent if each > now - timedelta(days=cap.days))
    return now if len(within) < cap.most else within[-cap.most] + timedelta(days=cap.days)


def marketing_sent(
    contact_ids: Collection[int], now: datetime, except_ids: Collection[int], channel: str
) -> dict[int, list[datetime]]:
    """When each contact got marketing in the last month, over all channels; what is on its way counts as now.

    `except_ids` are the messages of this channel that are being asked about.
    """
    found: dict[int, list[datetime]] = defaultdict(list)
    since = now - timedelta(days=max(30, int(current_app.config["MARKETING_CAP_DAYS"] or 0)))
    for table in _ledgers():
        others = table.c.id.not_in(except_ids) if table.name == f"{channel}_messages" else sa.true()
        state = sa.or_(sa.and_(table.c.status.in_(GONE_OUT), table.c.sent_at > since), table.c.status.in_(ON_ITS_WAY))
        mine = sa.select(table.c.contact_id, table.c.sent_at).where(
            table.c.contact_id.in_(contact_ids), table.c.is_marketing, state, others
        )
        for contact_id, at in db.session.execute(mine):
            found[contact_id].append(at or now)
    return found


@cache
def _ledgers() -> tuple[sa.Table, ...]:
    """The table of every channel's messages to contacts."""
    models = (each.class_ for each in Base.registry.mappers)
    tables = (table_of(each) for each in models if issubclass(each, Ledger))
    return tuple(sorted((each for each in tables if "is_marketing" in each.c), key=lambda table: table.name))
