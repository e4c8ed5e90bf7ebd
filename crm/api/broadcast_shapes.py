"""What the API takes and gives of broadcasts."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields
from marshmallow.validate import Length, OneOf, Range

from crm.api.shapes import ListArgs, Ref, Shape, an_id, moment, text
from crm.broadcasts.models import STATUSES, Broadcast
from crm.broadcasts.operations import counts
from crm.email.models import FORMATS

EXAMPLE = {
    "name": "Open day", "audience": "newsletter", "subject": "Come and see us, {{ contact.first_name | default: 'neighbour' }}",
    "body": "On Saturday our doors are open. [Keep me a seat](https://example.com/open-day)",
}  # fmt: skip
EVERYONE = "everyone"


class Audience(fields.Field):
    """An audience by id or slug, a condition, or everyone."""

    def __init__(self, description: str, **options: Any):
        shown = {"description": description, "oneOf": [{"type": "integer"}, {"type": "string"}, {"type": "object"}]}
        super().__init__(metadata=shown, **options)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | str | dict):
            raise ValidationError("Give an audience's id or slug, a condition, or “everyone”.")
        return value


class BroadcastFields(Shape):
    """The fields of a broadcast that may be changed until it is sent. Those left out stay as they are."""

    name = text("What staff call it.", 120, 1)
    audience = Audience("An audience's id or slug, “everyone”, or a condition.")
    exclude = fields.List(
        Ref("An audience's id or slug."), validate=Length(0, 50), metadata={"description": "Nobody in these audiences."}
    )
    template = Ref("The template it begins with, by id or slug; `subject` and `body` stand above it.")
    subject = text("May hold merge tags.", 255, 1)
    preheader = text("Shown after the subject in most inboxes.", 255)
    format = fields.String(validate=OneOf(list(FORMATS)))
    body = text("Markdown or MJML, with merge tags.", 300_000, 1)
    per_minute = fields.Integer(
        strict=True, allow_none=True, validate=Range(1, 100_000), metadata={"description": "At most so many a minute."}
    )


class BroadcastIn(BroadcastFields):
    """A broadcast to draft."""

    name = text("What staff call it.", 120, 1, required=True)


class SendIn(Shape):
    """When it goes: now, if nothing is said."""

    at = moment("Not before this moment.")
    local_time = text("At this hour of each contact's own clock, as 2026-12-24T09:00.", 16, 16)


class TestIn(Shape):
    """Whom a test goes to."""

    to = fields.List(
        fields.Email(),
        load_default=list,
        validate=Length(0, 20),
        metadata={"description": "Members of staff; you, if nobody is named."},
    )
    contact_id = an_id("As this contact would get it; else as an example would.")


class TestOut(Shape):
    """How many tests are on their way."""

    queued = fields.Integer(required=True)


class BroadcastListArgs(ListArgs):
    """Which broadcasts."""

    status = fields.String(validate=OneOf(list(STATUSES)))


class BroadcastOut(Shape):
    """A broadcast."""

    id = an_id(required=True)
    name = fields.String(required=True)
    status = fields.String(required=True, metadata={"enum": list(STATUSES)})
    audience = fields.Raw(
        required=True,
        metadata={
            "description": "Ids of its audiences, a condition, “everyone”, or null.",
            "type": ["array", "object", "string", "null"],
        },
    )
    condition = fields.Dict(required=True, allow_none=True, metadata={"description": "What narrows its audiences."})
    exclude = fields.List(fields.Integer(), required=True)
    template_id = an_id(required=True, allow_none=True)
    subject = fields.String(required=True, allow_none=True)
    preheader = fields.String(required=True, allow_none=True)
    format = fields.String(required=True, allow_none=True)
    body = fields.String(required=True, allow_none=True)
    versions = fields.Integer(
        required=True, metadata={"description": "How many wordings are tried; the fields above are those of the first."}
    )
    per_minute = fields.Integer(required=True, allow_none=True)
    scheduled_at = moment(required=True, allow_none=True)
    local_time = fields.String(required=True, allow_none=True)
    launched_at = moment(required=True, allow_none=True)
    finished_at = moment(required=True, allow_none=True)
    recipients = fields.Integer(
        required=True, metadata={"description": "Written down so far; fixed once it is being sent."}
    )
    counts = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        required=True,
        metadata={"description": "Its messages by status; list them by /messages?broadcast=."},
    )
    created_at = moment(required=True)
    updated_at = moment(required=True)


def shown(broadcast: Broadcast, with_counts: bool = True) -> dict[str, Any]:
    """A broadcast as the API gives it; in lists without counting its messages."""
    words = broadcast.content
    plain = (
        "id",
        "name",
        "status",
        "condition",
        "template_id",
        "per_minute",
        "scheduled_at",
        "local_time",
        "launched_at",
    )
    return {
        **{key: getattr(broadcast, key) for key in (*plain, "finished_at", "created_at", "updated_at")},
        **{key: getattr(words, key) if words else None for key in ("subject", "preheader", "format", "body")},
        "audience": _audience(broadcast),
        "exclude": [each.audience_id for each in broadcast.excluded if each.audience_id],
        "versions": len(broadcast.variants),
        "recipients": broadcast.frozen,
        "counts": counts(broadcast) if with_counts else {},
    }


def _audience(broadcast: Broadcast) -> Any:
    if broadcast.is_for_everyone:
        return EVERYONE
    ids = [each.audience_id for each in broadcast.included if each.audience_id]
    return ids or broadcast.condition
