"""What the audit log watches: every record whose change somebody may one day ask about.

What the product does by itself many times a day (activities, enrollments, messages) has its own record and is left out.
"""

from __future__ import annotations

from typing import Any

from crm.audiences.models import Audience
from crm.audit.tracking import Audited
from crm.automation.models import Step, Version, Workflow
from crm.broadcasts.models import Broadcast
from crm.bulk.models import BulkAction
from crm.contacts.models import Contact
from crm.custom_fields.models import CustomField, FieldValue
from crm.delivery.models import EmailSender, Suppression
from crm.duplicates.models import ContactMerge
from crm.email.models import EmailTemplate
from crm.exports.models import ContactExport
from crm.health.models import Hold
from crm.imports.models import ContactImport
from crm.notes.models import Note
from crm.ownership.models import Absence, OwnershipRule
from crm.preferences.models import CommunicationPreferences, EmailUnsubscribe, Topic
from crm.privacy.models import Erasure
from crm.settings.models import Setting
from crm.tags.models import Tag, Tagging, TagRule
from crm.tasks.models import Task
from crm.users.entering import Invitation
from crm.users.models import ApiToken, Role, Team, User, UserSession
from crm.views.models import ContactView

_RUN = frozenset({
    "rows_done", "rows_total", "done", "checkpoint", "attempts", "fence", "lease_until", "lines", "stored_as", "encoding",
    "delimiter", "error",
})  # fmt: skip
_COUNTED = frozenset({
    "fence", "lease_until", "checkpoint", "frozen", "expected", "counted_at", "sent_count", "opened_count", "clicked_count", "link_checks",
    "links_due_at", "version", "lane_id", "rest_lane_id", "sending_since", "is_rolled_out",
})  # fmt: skip


def _name(record: Any) -> Any:
    return record.name


AUDITED: tuple[Audited, ...] = (
    Audited(
        User, _name, frozenset({"two_factor_step", "photo"}), masked=frozenset({"two_factor_nonce"}), is_small=True
    ),
    Audited(Role, _name, is_small=True),
    Audited(
        Invitation,
        lambda invited: invited.email,
        frozenset({"email_due_at"}),
        masked=frozenset({"nonce"}),
        is_small=True,
    ),
    Audited(
        UserSession,
        lambda session: session.user_agent[:80],
        verbs={"added": "signed_in", "deleted": "signed_out"},
        masked=frozenset({"user_agent"}),
        is_small=True,
    ),
    Audited(ApiToken, _name, is_small=True),
    Audited(Team, _name),
    Audited(Setting, lambda setting: setting.key, is_small=True),
    Audited(Hold, lambda hold: hold.cause, verbs={"added": "held", "changed": "released"}),
    Audited(Contact, lambda contact: contact.name, frozenset({"sort_name", "stage_changed_at"})),
    Audited(FieldValue, lambda _value: ""),
    Audited(Tag, _name),
    Audited(Tagging, lambda _tagging: ""),
    Audited(TagRule, lambda rule: rule.activity_type, frozenset({"past_after_id", "past_until_id", "past_tagged"})),
    Audited(Note, lambda note: note.kind, masked=frozenset({"content"})),
    Audited(Task, lambda task: task.title, frozenset({"reminded_at"})),
    Audited(EmailUnsubscribe, lambda _left: ""),
    Audited(Topic, _name),
    Audited(CommunicationPreferences, lambda _wants: ""),
    Audited(Suppression, lambda suppression: suppression.address),
    Audited(EmailSender, _name, is_small=True),
    Audited(CustomField, lambda made: made.label),
    Audited(ContactView, _name),
    Audited(Audience, _name, frozenset({"member_count", "changed_at", "refreshed_at", "due_at"})),
    Audited(
        Workflow,
        _name,
        frozenset({"total_enrolled", "total_completed", "total_converted", "intake_after_id", "resumed_at"}),
    ),
    Audited(Version, lambda version: f"version {version.number}", frozenset({"revision"})),
    Audited(Step, lambda step: step.step_type, frozenset({"step_order"})),
    Audited(EmailTemplate, _name),
    Audited(Broadcast, _name, _COUNTED, is_small=True),
    Audited(OwnershipRule, _name, frozenset({"last_user_id"})),
    Audited(Absence, lambda _absence: "", is_small=True),
    Audited(ContactImport, lambda made: made.file_name, _RUN),
    Audited(ContactExport, lambda made: made.format, _RUN, verbs={"added": "asked"}),
    Audited(BulkAction, lambda made: made.title, _RUN, verbs={"added": "asked"}),
    Audited(ContactMerge, _name, frozenset({"packed", "moved", "before", "after", "name", "email"})),
    Audited(Erasure, lambda _erasure: "", verbs={"added": "erased"}),
)
