"""Telling whoever sent a broadcast what became of it."""

from __future__ import annotations

from crm.broadcasts.models import Broadcast
from crm.broadcasts.progress import progress_of
from crm.lib import clock
from crm.notifications.kinds import BROADCAST_ENDED
from crm.notifications.operations import News, notify, notify_all
from crm.users.models import User


def tell_finished(broadcast: Broadcast) -> None:
    """It is through: how many got it, and what needs a look."""
    found = progress_of(broadcast, clock.now())
    said = [f"{found.sent:,} of {broadcast.frozen:,} sent"]
    said += [f"{found.of(key):,} {words}" for key, words in _ENDS.items() if found.of(key)]
    _tell(broadcast, f"“{broadcast.name}” was sent", f"{', '.join(said)}.")


def tell_missed(broadcasts: list[Broadcast]) -> None:
    """They did not go out at their time and ask what is to become of them; in a few statements."""
    notify_all(
        [News(user_id, BROADCAST_ENDED, *_missed(each), _url(each)) for each in broadcasts if (user_id := _whom(each))]
    )


def tell_trouble(broadcast: Broadcast) -> None:
    """It does not get on by itself."""
    _tell(broadcast, f"“{broadcast.name}” does not get on", f"{broadcast.error} It is tried again every minute.")


def tell_stopped(broadcast: Broadcast, by: User, what: str) -> None:
    """Somebody else stopped it."""
    if by.id != _whom(broadcast):
        _tell(broadcast, f"“{broadcast.name}” was {what}", f"{by.name} did it.")


_ENDS = {"skipped": "left out", "failed": "failed", "unknown": "waiting for a decision"}


def _missed(broadcast: Broadcast) -> tuple[str, str]:
    return f"“{broadcast.name}” did not go out", broadcast.error or "It was held back. Look at it and decide."


def _tell(broadcast: Broadcast, title: str, message: str) -> None:
    if user_id := _whom(broadcast):
        notify([user_id], BROADCAST_ENDED, title, message, _url(broadcast))


def _whom(broadcast: Broadcast) -> int | None:
    return broadcast.launched_by or broadcast.created_by


def _url(broadcast: Broadcast) -> str:
    return f"/broadcasts/{broadcast.id}"
