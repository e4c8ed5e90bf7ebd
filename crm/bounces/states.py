"""Where a message stands after reports in any order: the further one wins, so the same reports always end in the same state."""

from __future__ import annotations

from collections.abc import Iterable

from crm.providers.mail_reports import BLOCKED, COMPLAINT, DELIVERED, HARD, SOFT

RANK = {"": 0, SOFT: 1, DELIVERED: 2, BLOCKED: 3, HARD: 4}
"""A bounce for now followed by a delivery has arrived; one for good may come after a delivery, and then holds."""
SETTLED = ("sent", "delivered", "failed", "unknown")
"""Statuses of messages that left, or may have. One that is waiting or being sent is looked at again later."""
NEVER_LEFT = ("skipped", "cancelled")


def standing(status: str, bounce_type: str | None) -> str:
    """What was reported about a message so far, by its row."""
    if bounce_type in RANK:
        return bounce_type
    return DELIVERED if status == "delivered" else ""


def furthest(start: str, kinds: Iterable[str]) -> str:
    """Where a message stands after these reports. Somebody who complains has received it."""
    said = [DELIVERED if each == COMPLAINT else each for each in kinds]
    return max([start, *(each for each in said if each in RANK)], key=RANK.__getitem__)
