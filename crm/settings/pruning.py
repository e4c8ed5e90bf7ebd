"""Removing what the school keeps no longer: each feature declares what of its own, every night it goes in batches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app

from crm.database import commit, db
from crm.lib import clock
from crm.settings.models import Pruning

BATCH = 5_000
PAUSE = 0.05
"""Seconds between batches, in which others write."""


@dataclass(frozen=True)
class Prune:
    """A kind of old things. `setting` says for how many days they are kept; `remove(before, limit)` removes so many and says how many."""

    key: str
    label: str
    setting: str
    remove: Callable[[datetime, int], int]


def run(rest: Callable[[float], None], now: datetime | None = None) -> dict[str, int]:
    """Remove what is too old, batch by batch; how many of each kind. What is kept for good is left out."""
    now, counts = now or clock.now(), {}
    for kind in current_app.extensions["prunes"]:
        if days := current_app.config[kind.setting]:
            counts[kind.key] = _remove(kind, now - timedelta(days=days), rest)
            db.session.merge(Pruning(key=kind.key, label=kind.label, count=counts[kind.key], pruned_at=now))
            commit()
    return counts


def _remove(kind: Prune, before: datetime, rest: Callable[[float], None]) -> int:
    total = 0
    while removed := kind.remove(before, BATCH):
        commit()
        total += removed
        rest(PAUSE)
    return total
