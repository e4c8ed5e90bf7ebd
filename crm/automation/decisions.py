"""What a step decides: effects to carry out, where the contact goes next, and why in words. Plain values; nothing here acts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class SendEmail:
    """Queue an email: the template as it stands when the step runs, or the step's own subject and content."""

    template_id: int | None = None
    subject: str = ""
    content: str = ""
    is_marketing: bool = True
    topic_id: int | None = None
    """Instead of the template's."""
    sender_id: int | None = None


@dataclass(frozen=True, slots=True)
class AddTag:
    """Put the tag on the contact."""

    tag_id: int


@dataclass(frozen=True, slots=True)
class AddToAudience:
    """Put the contact into the static audience."""

    audience_id: int


@dataclass(frozen=True, slots=True)
class RemoveFromAudience:
    """Take the contact out of the static audience."""

    audience_id: int


@dataclass(frozen=True, slots=True)
class CreateTask:
    """Give a member of staff, or nobody yet, something to do about the contact."""

    title: str
    description: str = ""
    due_date: date | None = None
    priority: str = "medium"
    assigned_to: int | None = None


Effect = SendEmail | AddTag | AddToAudience | RemoveFromAudience | CreateTask


@dataclass(frozen=True, slots=True)
class Next:
    """On to the step that follows; after the last one the workflow is completed."""


@dataclass(frozen=True, slots=True)
class WaitUntil:
    """Stay, and be asked again at this moment."""

    at: datetime


@dataclass(frozen=True, slots=True)
class WaitFor:
    """Stay until the contact does this, or until the moment; then be asked again."""

    event_type: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Branch:
    """Into one of the step's branches; an empty branch leads to the step that follows."""

    name: str


@dataclass(frozen=True, slots=True)
class GoTo:
    """To the step that bears this key."""

    key: str


@dataclass(frozen=True, slots=True)
class Exit:
    """Out of the workflow, as intended."""

    reason: str


@dataclass(frozen=True, slots=True)
class Fail:
    """Stop here: a person has to look at it."""

    reason: str


Go = Next | WaitUntil | WaitFor | Branch | GoTo | Exit | Fail


@dataclass(frozen=True, slots=True)
class Decision:
    """Where to go, why, and what to do on the way."""

    go: Go
    why: str
    effects: tuple[Effect, ...] = ()
