"""Send the contact an email."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from wtforms import BooleanField, Form, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional

from crm.automation.decisions import Decision, Next
from crm.automation.decisions import SendEmail as SendEmailEffect
from crm.automation.declared import Problem
from crm.automation.merge_field import email_can_be_written, email_tags_known
from crm.automation.references import SENDER, TEMPLATE, TOPIC
from crm.automation.step_type import Config, StepType
from crm.automation.view import View
from crm.lib.form_checks import choices


def _templates() -> list[SelectChoice]:
    return [*choices([("", "None: written here")]), *TEMPLATE.options()]


def _number(value: object) -> int | None:
    return int(str(value)) if value not in (None, "") else None


class SendEmailForm(Form):
    template_id = SelectField("Template", [Optional()], coerce=_number, choices=_templates)
    subject = StringField("Subject", [Length(max=255), email_tags_known])
    content = TextAreaField("Content (Markdown)", [Length(max=100_000), email_can_be_written])
    topic_id = SelectField(
        "Topic", [Optional()], coerce=_number, choices=lambda: TOPIC.choices("None, or that of the template"),
        description="Only those who get this topic get the email.",
    )  # fmt: skip
    sender_id = SelectField(
        "From", [Optional()], coerce=_number, choices=lambda: SENDER.choices("The template’s, or the default sender")
    )
    transactional = BooleanField(
        "Transactional", description="Also goes to people who do not want marketing: only for what they need to know."
    )

    def validate(self, extra_validators: object = None) -> bool:
        is_valid = super().validate(extra_validators)
        if not self.template_id.data and not self.errors:
            return self._ask_for("subject") & self._ask_for("content")
        return is_valid

    def _ask_for(self, name: str) -> bool:
        if (self[name].data or "").strip():
            return True
        self[name].errors = [*self[name].errors, "Choose a template, or write a subject and content."]
        return False


class SendEmail(StepType):
    """Sends the contact an email: one of your templates, or a text you write here. Opens and clicks are tracked. Someone
    who unsubscribed, does not get its topic, or has no email address is skipped and goes on; at night on the contact's clock it waits
    for the morning if the school has quiet hours."""

    kind = "send_email"
    label = "Send an email"
    group = "Communication"
    icon = "mail"
    sends_email = True
    references = {"template_id": TEMPLATE, "topic_id": TOPIC, "sender_id": SENDER}
    Form = SendEmailForm

    def summary(self, config: Config) -> str:
        if config.get("template_id"):
            return f"Send the email {TEMPLATE.name_of(config['template_id'])}"
        return f"Send the email “{config['subject']}”" if config.get("subject") else "Send an email"

    def missing(self, config: Mapping[str, Any]) -> list[Problem]:
        """What stops the step; a sender that is gone does not: the default one takes its place."""
        return [each for each in super().missing(config) if each.key != "sender_id"]

    def decide(self, view: View, config: Config, now: datetime) -> Decision:  # noqa: ARG002
        own = {} if config.get("template_id") else {"subject": config["subject"], "content": config["content"]}
        is_marketing = not config.get("transactional", False)
        chosen = {"topic_id": config.get("topic_id"), "sender_id": config.get("sender_id")}
        effect = SendEmailEffect(config.get("template_id"), is_marketing=is_marketing, **chosen, **own)
        return Decision(Next(), "Email queued", (effect,))
