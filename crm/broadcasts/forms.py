"""The forms of the steps of a broadcast."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Length, NumberRange, Optional, ValidationError

from crm.broadcasts.models import WINNERS, Broadcast, Variant
from crm.conditions.forms import ConditionField
from crm.email.compose import check
from crm.email.models import FORMATS
from crm.email.values import known
from crm.lib.clock import is_near
from crm.lib.form_checks import choices, trimmed

WHEN = {"now": "Now", "at": "At a time", "local": "At a time on each contact’s own clock"}
SPANS = {60: "1 hour", 120: "2 hours", 240: "4 hours", 480: "8 hours", 1440: "1 day", 2880: "2 days", 4320: "3 days"}


def _optional(value: object) -> int | None:
    """The id that was chosen, if one was."""
    return int(str(value)) if str(value or "").isdigit() else None


class NameForm(FlaskForm):
    """What staff call it."""

    name = StringField("Name", [DataRequired("Give the broadcast a name."), Length(max=120)], filters=[trimmed])


class StepForm(FlaskForm):
    """A step; `version` is the broadcast's as far as the page knows."""

    version = HiddenField()

    @property
    def seen(self) -> int | None:
        """The version that was looked at."""
        text = self.version.data or ""
        return int(text) if text.isdecimal() and len(text) < 10 else None


class AudienceForm(StepForm):
    """Whom it is for."""

    is_for_everyone = BooleanField("Everyone")
    include = SelectMultipleField("In any of these audiences", coerce=int, validate_choice=False)
    keeps_chosen = BooleanField("The contacts chosen by hand")
    condition = ConditionField("Only those of whom this is true")
    exclude = SelectMultipleField("But nobody in these audiences", coerce=int, validate_choice=False)
    topic_id = SelectField(
        "Topic", coerce=_optional, validate_choice=False, description="Who does not want this kind of mail is left out."
    )

    @classmethod
    def of(cls, broadcast: Broadcast) -> AudienceForm:
        """The form showing this broadcast."""
        return cls(
            data={
                "version": broadcast.version,
                "is_for_everyone": broadcast.is_for_everyone,
                "include": [each.audience_id for each in broadcast.included],
                "exclude": [each.audience_id for each in broadcast.excluded],
                "keeps_chosen": broadcast.is_for_chosen,
                "condition": broadcast.condition,
                "topic_id": broadcast.topic_id,
            }
        )


class ContentForm(StepForm):
    """What it says; what is wrong with the words stands beside them."""

    subject = StringField("Subject", [Length(max=255)], filters=[trimmed])
    preheader = StringField(
        "Preview line", [Length(max=255)], filters=[trimmed], description="Shown after the subject in most inboxes."
    )
    format = RadioField("Written in", choices=choices(FORMATS.items()), default="markdown")
    body = TextAreaField("Text", [Length(max=300_000)])

    def words(self) -> dict[str, str]:
        """The content as written."""
        return {
            "subject": self.subject.data or "",
            "preheader": self.preheader.data or "",
            "body": (self.body.data or "").replace("\r\n", "\n"),
            "form": self.format.data or "markdown",
        }

    def problems(self) -> dict[str, list[str]]:
        """What is wrong with the words, by field."""
        words = self.words()
        return check(words["form"], words["subject"], words["preheader"], words["body"], known())

    def validate(self, extra_validators: Any = None) -> bool:
        """Check each field, then whether the words can be sent."""
        is_valid = super().validate(extra_validators)
        for name, problems in self.problems().items():
            self[name].errors = [*self[name].errors, *problems]
            is_valid = False
        return is_valid

    @classmethod
    def of(cls, broadcast: Broadcast, variant: Variant | None) -> ContentForm:
        """The form showing this wording."""
        data: dict[str, Any] = {"version": broadcast.version}
        if variant:
            words = variant.content
            data |= {"subject": words.subject, "preheader": words.preheader, "format": words.format, "body": words.body}
        return cls(data=data)


class PlanForm(StepForm):
    """When and how fast it goes, and how a test is decided."""

    when = RadioField("When", choices=choices(WHEN.items()), default="now")
    at = StringField("Day and time", filters=[trimmed])
    sender_id = SelectField("From", coerce=_optional, validate_choice=False)
    per_minute = IntegerField(
        "At most so many a minute", [Optional(), NumberRange(1, 100_000, "Between 1 and 100,000.")],
        description="Leave it empty to send as fast as the mail server takes them.",
    )  # fmt: skip
    test_share = IntegerField(
        "Share that takes part in the test, in percent",
        [Optional(), NumberRange(1, 100, "Between 1 and 100.")],
        default=20,
    )
    test_minutes = SelectField(
        "Length of the test",
        coerce=int,
        choices=choices((str(span), label) for span, label in SPANS.items()),
        default=240,
    )
    winner_by = RadioField("The winner is the version with", choices=choices(WINNERS.items()), default="opens")

    def validate_at(self, _field: StringField) -> None:
        """A day and a time are needed unless it goes now."""
        if self.when.data != "now" and self.wall is None:
            raise ValidationError("Choose a day and a time, such as 2026-12-24T09:00.")

    @property
    def wall(self) -> datetime | None:
        """What the clock on the wall shows then."""
        try:
            moment = datetime.fromisoformat(self.at.data or "")
        except ValueError:
            return None
        return moment.replace(tzinfo=None, second=0, microsecond=0) if is_near(moment) else None

    @classmethod
    def of(cls, broadcast: Broadcast, at: str) -> PlanForm:
        """The form showing this broadcast; `at` is its time as a form holds it."""
        when = "local" if broadcast.local_time else "at" if at else "now"
        keys = ("version", "sender_id", "per_minute", "test_share", "test_minutes", "winner_by")
        return cls(data={**{key: getattr(broadcast, key) for key in keys}, "when": when, "at": at})


class TestForm(FlaskForm):
    """Whom of the staff a test goes to."""

    to = SelectMultipleField("To", coerce=int)
