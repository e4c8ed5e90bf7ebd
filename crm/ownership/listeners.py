"""New contacts get their owner."""

from __future__ import annotations

from collections.abc import Sequence

from crm.activity.models import Fact
from crm.ownership.operations import assign_new


def assign_owners(activities: Sequence[Fact]) -> None:
    """Give each contact that was just added and has no owner the one the rules say."""
    assign_new(sorted({each.contact_id for each in activities}))
