"""The form of an email template."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from crm.email.compose import check
from crm.email.models import FORMATS, EmailTemplate
from crm.email.values import known


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
    version = HiddenField()

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
                "version": template.version,
            }
        )
