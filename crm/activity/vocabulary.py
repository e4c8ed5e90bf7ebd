"""Everything that can happen to a contact, one frozen dataclass each: stored name, title, icon and payload in one place.

The fields that are not listed in `Activity` itself are the payload: plain ids and values, stored as the row's metadata.
To add an activity, add its class here and its name to `VOCABULARY`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import Any, ClassVar


@dataclass(frozen=True)
class Actor:
    """Who or what did something: a user (with id), or a workflow, an import, an API token, the contact (name only)."""

    name: str = ""
    user_id: int | None = None
    depth: int = 0
    """How many automatic reactions led here; chains of workflows that set each other off end at a limit."""


SYSTEM = Actor()


@dataclass(frozen=True, kw_only=True)
class Activity:
    """What every activity has. `subject_id` is the id of what it is about, in the table named by `subject_type`."""

    kind: ClassVar[str]
    icon: ClassVar[str] = "circle-dot"
    label: ClassVar[str]
    subject_type: ClassVar[str | None] = None
    refers: ClassVar[dict[str, str]] = {}
    """What it points at that people can choose by name: a value of the payload, or else the subject, and its table."""

    contact_id: int
    by: Actor = SYSTEM
    subject_id: int | None = None

    @property
    def title(self) -> str:
        """The sentence of the timeline."""
        return self.label

    @property
    def description(self) -> str | None:
        """What the timeline adds below the title."""
        return None

    @property
    def payload(self) -> dict[str, Any]:
        """The values that are this activity's own."""
        return {name: getattr(self, name) for name in _own_fields(type(self))}


COMMON = {"contact_id", "by", "subject_id"}


@cache
def values_of(kind: type[Activity]) -> dict[str, bool]:
    """The values of such an activity's payload by name, and whether each is a number."""
    types = {each.name: str(each.type) for each in fields(kind) if each.name not in COMMON}
    return {name: type_.startswith(("int", "float", "Decimal")) for name, type_ in types.items()}


@cache
def _own_fields(kind: type[Activity]) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind) if each.name not in COMMON)


@dataclass(frozen=True, kw_only=True)
class ContactCreated(Activity):
    kind = "contact_created"
    icon = "user-plus"
    label = "Contact created"
    source: str = ""
    country: str = ""

    @property
    def title(self) -> str:
        return f"Contact created from {self.source}" if self.source else self.label


@dataclass(frozen=True, kw_only=True)
class ContactUpdated(Activity):
    kind = "contact_updated"
    icon = "pencil"
    label = "Contact changed"
    changes: dict[str, list[str]]
    """Field key to its old and new value, as text."""

    @property
    def title(self) -> str:
        return "Changed " + ", ".join(sorted(name.replace("_", " ") for name in self.changes))

    @property
    def description(self) -> str | None:
        return "\n".join(f"{old or 'Nothing'} → {new or 'nothing'}" for old, new in self.changes.values())


@dataclass(frozen=True, kw_only=True)
class StageChanged(Activity):
    kind = "stage_changed"
    icon = "target"
    label = "Stage changed"
    old: str
    new: str

    @property
    def title(self) -> str:
        return f"{self.label}: {self.old.capitalize()} → {self.new.capitalize()}"


@dataclass(frozen=True, kw_only=True)
class ContactMerged(Activity):
    kind = "contact_merged"
    icon = "git-merge"
    label = "Contact merged"
    other: str

    @property
    def title(self) -> str:
        return f"Merged with {self.other}"


@dataclass(frozen=True, kw_only=True)
class ContactRestored(Activity):
    kind = "contact_restored"
    icon = "restore"
    label = "Contact brought back"


@dataclass(frozen=True, kw_only=True)
class TagActivity(Activity):
    icon = "tag"
    subject_type = "contact_tags"
    refers = {"tag_id": "contact_tags"}
    tag: str

    @property
    def title(self) -> str:
        return f"{self.label}: {self.tag}"


@dataclass(frozen=True, kw_only=True)
class TagAdded(TagActivity):
    kind = "tag_added"
    label = "Tag added"


@dataclass(frozen=True, kw_only=True)
class TagRemoved(TagActivity):
    kind = "tag_removed"
    icon = "tag-off"
    label = "Tag removed"


@dataclass(frozen=True, kw_only=True)
class AudienceActivity(Activity):
    subject_type = "audiences"
    refers = {"audience_id": "audiences"}
    audience: str

    @property
    def title(self) -> str:
        return f"{self.label}: {self.audience}"


@dataclass(frozen=True, kw_only=True)
class AudienceJoined(AudienceActivity):
    kind = "audience_joined"
    icon = "users-plus"
    label = "Joined audience"


@dataclass(frozen=True, kw_only=True)
class AudienceLeft(AudienceActivity):
    kind = "audience_left"
    icon = "user-minus"
    label = "Left audience"


@dataclass(frozen=True, kw_only=True)
class EmailActivity(Activity):
    subject_type = "email_messages"
    refers = {"template_id": "email_templates"}
    subject: str
    purpose: str = ""
    template_id: int | None = None

    @property
    def title(self) -> str:
        return f"{self.label}: {self.subject}"


@dataclass(frozen=True, kw_only=True)
class EmailSent(EmailActivity):
    kind = "email_sent"
    icon = "send"
    label = "Email sent"


@dataclass(frozen=True, kw_only=True)
class EmailOpened(EmailActivity):
    kind = "email_opened"
    icon = "mail-opened"
    label = "Email opened"


@dataclass(frozen=True, kw_only=True)
class EmailClicked(EmailActivity):
    kind = "email_clicked"
    icon = "click"
    label = "Link clicked"
    url: str

    @property
    def description(self) -> str | None:
        return self.url


@dataclass(frozen=True, kw_only=True)
class EmailBounced(EmailActivity):
    kind = "email_bounced"
    icon = "mail-x"
    label = "Email bounced"
    reason: str = ""
    bounce_type: str = "hard"

    @property
    def description(self) -> str | None:
        return self.reason or None


@dataclass(frozen=True, kw_only=True)
class EmailComplained(EmailActivity):
    kind = "email_complained"
    icon = "alert-triangle"
    label = "Email reported as spam"


@dataclass(frozen=True, kw_only=True)
class EmailReplied(EmailActivity):
    kind = "email_replied"
    icon = "arrow-back-up"
    label = "Email answered"
    text: str = ""

    @property
    def description(self) -> str | None:
        return self.text[:2000] or None

    @property
    def payload(self) -> dict[str, Any]:
        """Without the words, which stand in the description and nowhere else."""
        return {"subject": self.subject, "purpose": self.purpose, "template_id": self.template_id}


@dataclass(frozen=True, kw_only=True)
class AddressReleased(Activity):
    kind = "address_released"
    icon = "mail-check"
    label = "Address is written to again"
    why: str = ""

    @property
    def description(self) -> str | None:
        return self.why or None


@dataclass(frozen=True, kw_only=True)
class EmailUnsubscribed(Activity):
    kind = "email_unsubscribed"
    icon = "mail-off"
    label = "Unsubscribed from email"
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class EmailResubscribed(Activity):
    kind = "email_resubscribed"
    icon = "mail-check"
    label = "Subscribed to email again"


@dataclass(frozen=True, kw_only=True)
class PreferencesChanged(Activity):
    kind = "preferences_changed"
    icon = "settings"
    label = "Preferences changed"
    changes: dict[str, str]
    """What was chosen, in words, to how it now stands."""

    @property
    def description(self) -> str | None:
        return "\n".join(f"{what}: {now}" for what, now in self.changes.items())


@dataclass(frozen=True, kw_only=True)
class EmailConfirmed(Activity):
    kind = "email_confirmed"
    icon = "mail-check"
    label = "Confirmed the email address"


@dataclass(frozen=True, kw_only=True)
class TaskActivity(Activity):
    subject_type = "contact_tasks"
    task: str

    @property
    def title(self) -> str:
        return f"{self.label}: {self.task}"


@dataclass(frozen=True, kw_only=True)
class TaskCreated(TaskActivity):
    kind = "task_created"
    icon = "checkbox"
    label = "Task created"


@dataclass(frozen=True, kw_only=True)
class TaskCompleted(TaskActivity):
    kind = "task_completed"
    icon = "circle-check"
    label = "Task completed"


@dataclass(frozen=True, kw_only=True)
class TaskAssigned(TaskActivity):
    kind = "task_assigned"
    icon = "user-check"
    label = "Task given"
    to: str = ""

    @property
    def title(self) -> str:
        return f"Task given to {self.to or 'nobody'}: {self.task}"


@dataclass(frozen=True, kw_only=True)
class TaskReopened(TaskActivity):
    kind = "task_reopened"
    icon = "refresh"
    label = "Task reopened"


@dataclass(frozen=True, kw_only=True)
class TaskCancelled(TaskActivity):
    kind = "task_cancelled"
    icon = "circle-x"
    label = "Task cancelled"


@dataclass(frozen=True, kw_only=True)
class NoteAdded(Activity):
    kind = "note_added"
    icon = "note"
    label = "Note"
    subject_type = "contact_notes"
    note_kind: str = "note"
    text: str = ""

    @property
    def title(self) -> str:
        return {"call": "Call", "meeting": "Meeting"}.get(self.note_kind, self.label)

    @property
    def description(self) -> str | None:
        return self.text[:2000] or None

    @property
    def payload(self) -> dict[str, Any]:
        """Without the words, which stand in the description and nowhere else."""
        return {"note_kind": self.note_kind}


@dataclass(frozen=True, kw_only=True)
class WorkflowActivity(Activity):
    subject_type = "automation_workflows"
    refers = {"workflow_id": "automation_workflows"}
    workflow: str

    @property
    def title(self) -> str:
        return f"{self.label}: {self.workflow}"


@dataclass(frozen=True, kw_only=True)
class SequenceStarted(WorkflowActivity):
    kind = "sequence_started"
    icon = "route"
    label = "Workflow started"


@dataclass(frozen=True, kw_only=True)
class SequenceCompleted(WorkflowActivity):
    kind = "sequence_completed"
    icon = "flag"
    label = "Workflow completed"


@dataclass(frozen=True, kw_only=True)
class Custom(Activity):
    """What a program of the school says happened; `type` is its own word for it, `values` what it tells with it."""

    kind = "custom"
    icon = "bolt"
    label = "Event from a program"
    type: str
    values: dict[str, Any]

    @property
    def title(self) -> str:
        return self.type.replace("_", " ").strip().capitalize() or self.label

    @property
    def payload(self) -> dict[str, Any]:
        return {**self.values, "type": self.type}


VOCABULARY: tuple[type[Activity], ...] = (
    ContactCreated,
    ContactUpdated,
    StageChanged,
    ContactRestored,
    ContactMerged,
    TagAdded,
    TagRemoved,
    AudienceJoined,
    AudienceLeft,
    EmailSent,
    EmailOpened,
    EmailClicked,
    EmailBounced,
    EmailComplained,
    EmailReplied,
    AddressReleased,
    EmailUnsubscribed,
    EmailResubscribed,
    PreferencesChanged,
    EmailConfirmed,
    TaskCreated,
    TaskCompleted,
    TaskAssigned,
    TaskReopened,
    TaskCancelled,
    NoteAdded,
    SequenceStarted,
    SequenceCompleted,
    Custom,
)
BY_KIND = {each.kind: each for each in VOCABULARY}
