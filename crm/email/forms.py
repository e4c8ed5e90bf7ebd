"""The form of an email template."""

from __future__ import annotations

import re
from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from crm.delivery.senders import senders
from crm.email import headers
from crm.email.compose import check
from crm.email.models import FORMATS, EmailTemplate
from crm.email.values import known
from crm.lib.form_checks import choices, trimmed
from crm.preferences.queries import topics

KIND_CHOICES = (
    ("", "News, or as the workflow says"),
    ("class_reminder", "Class reminder"),
    ("payment_reminder", "Payment reminder"),
    ("transactional", "Something they need to know, such as a receipt"),
)
MOST_ADDRESSES = 10


class TestForm(FlaskForm):
    """Where a test goes, and as whom it is read."""

    to = StringField(
        "Send to", [Length(max=1000)], filters=[trimmed], description="Up to ten addresses, with commas between."
    )
    who = StringField("As whom", [Length(max=255)], filters=[trimmed])

    def addresses(self) -> list[str]:
        """The addresses, each once."""
        return list(dict.fromkeys(each for each in re.split(r"[\s,;]+", (self.to.data or "").lower()) if each))

    def validate(self, extra_validators: Any = None) -> bool:
        """Every address can be written to."""
        is_valid = super().validate(extra_validators)
        try:
            found = [headers.deliverable(each) for each in self.addresses()]
            if not 1 <= len(found) <= MOST_ADDRESSES:
                raise ValueError(f"Write one to {MOST_ADDRESSES} addresses")
        except ValueError as error:
            self.to.errors = [*self.to.errors, f"{error}."]
            return False
        return is_valid


def _stripped(value: str | None) -> str:
    return (value or "").strip()


class TemplateForm(FlaskForm):
    """Name and words of an email; what is wrong with the words stands beside them."""

    name = StringField("Name", [InputRequired("Give the template a name."), Length(max=120)], filters=[_stripped])
    subject = StringField("Subject", [Length(max=255)], filters=[_stripped])
    preheader = StringField(
        "Preview line", [Length(max=255)], filters=[_stripped], description="Shown after the subject in most inboxes."
    )
    format = RadioField("Written in", choices=list(FORMATS.items()), default="markdown")
    body = TextAreaField("Text", [Length(max=300_000)])
    kind = SelectField(
        "What it is", choices=choices(KIND_CHOICES), default="", description="Decides whom it may go to."
    )
    topic = SelectField("Topic", default="", description="Only those who get this topic get the email.")
    sender = SelectField("From", default="", description="Workflows, broadcasts and tests begin with it.")
    version = HiddenField()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        made = ((str(each.id), f"{each.name} <{each.address}>") for each in senders())
        self.sender.choices = choices([("", "The usual sender"), *made])
        named = ((str(each.id), each.name) for each in topics())
        self.topic.choices = choices([("", "None: for all who get news"), *named])

    def about(self) -> dict[str, Any]:
        """Under which topic, as what kind and from whom it goes."""
        return {
            "kind": self.kind.data or None,
            "topic_id": int(self.topic.data) if self.topic.data else None,
            "sender_id": int(self.sender.data) if self.sender.data else None,
        }

    def words(self) -> dict[str, str]:
        """The content as written."""
        return {
            "subject": self.subject.data or "",
            "preheader": self.preheader.data or "",
            "body": (self.body.data or "").replace("\r\n", "\n"),
            "form": self.format.data or "markdown",
        }

    def validate(self, extra_validators: Any = None) -> bool:
        """Check each field, then whether the words can be sent."""
        is_valid = super().validate(extra_validators)
        for field, problems in self.problems().items():
            self[field].errors = [*self[field].errors, *problems]
            is_valid = False
        return is_valid

    def problems(self) -> dict[str, list[str]]:
        """What is wrong with the words, by field."""
        words = self.words()
        return check(words["form"], words["subject"], words["preheader"], words["body"], known())

    @classmethod
    def of(cls, template: EmailTemplate) -> TemplateForm:
        """The form showing this template."""
        content = template.content
        return cls(
            data={
                "name": template.name,
                "subject": content.subject,
                "preheader": content.preheader,
                "format": content.format,
                "body": content.body,
                "kind": template.kind or "",
                "topic": str(template.topic_id or ""),
                "sender": str(template.sender_id or ""),
                "version": template.version,
            }
        )
