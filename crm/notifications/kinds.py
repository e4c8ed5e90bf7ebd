"""The kinds of things people are told, in the order their own account lists them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One kind. `is_emailed`: whether it comes by email too for who chose nothing."""

    key: str
    label: str
    icon: str
    is_emailed: bool = True


MENTION = Kind("mention", "Somebody mentions you in a note", "at")
EMAIL_REPLIED = Kind("email_replied", "Somebody you look after answers an email", "arrow-back-up")
TASK_ASSIGNED = Kind("task_assigned", "You are given a task", "checkbox")
TASK_REMINDER = Kind("task_reminder", "A task reminds you", "alarm")
BROADCAST_ENDED = Kind("broadcast_ended", "A broadcast you sent is through, or did not go out", "send")

KINDS: tuple[Kind, ...] = (
    MENTION,
    EMAIL_REPLIED,
    TASK_ASSIGNED,
    TASK_REMINDER,
    BROADCAST_ENDED,
)  # fmt: skip
BY_KEY = {each.key: each for each in KINDS}
