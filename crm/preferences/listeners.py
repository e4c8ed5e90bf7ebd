"""What activities do to what a contact wants: an opt-out goes along when the address is changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from crm.activity.models import Fact
from crm.database import after_commit
from crm.preferences.moved import keep_away
from crm.queue import nudge


def keep_opt_outs(activities: Sequence[Fact]) -> None:
    """Whoever had left at the address they had stays away."""
    before: dict[int, set[str]] = defaultdict(set)
    for each in activities:
        old = (each.metadata_.get("changes") or {}).get("email", [""])[0]
        if old:
            before[each.contact_id].add(old.lower())
    if before and keep_away(before):
        after_commit(nudge, "dispatch")
