"""Triggers about email."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from wtforms import Form, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional

from crm.activity.models import ContactActivity
from crm.activity.vocabulary import EmailClicked as EmailClickedActivity
from crm.automation.references import TEMPLATE, optional_id
from crm.automation.trigger_type import TriggerType
from crm.contacts.models import Contact
from crm.email.models import EmailLinkClick, EmailMessage
from crm.lib.form_checks import choices


def _templates() -> list[SelectChoice]:
    return [*choices([("", "Any email")]), *TEMPLATE.options()]


class EmailClickedForm(Form):
    template_id = SelectField("Email", [Optional()], coerce=optional_id, choices=_templates)
    url = StringField(
        "Only links that contain", [Length(max=500)], filters=[lambda text: text.strip() if text else text]
    )


class EmailClicked(TriggerType):
    """Starts when a contact clicks a link in an email. Clicks by mail scanners do not count."""

    kind = "email_clicked"
    label = "A link is clicked"
    group = "Email"
    icon = "click"
    activities = (EmailClickedActivity,)
    references = {"template_id": TEMPLATE}
    Form = EmailClickedForm

    def summary(self, config: Mapping[str, Any]) -> str:
        link = f"A link containing “{config['url']}”" if config.get("url") else "A link"
        email = f"the email {TEMPLATE.name_of(config['template_id'])}" if config.get("template_id") else "any email"
        return f"{link} is clicked in {email}"

    def matches(self, config: Mapping[str, Any], activity: ContactActivity) -> bool:
        is_template = not config.get("template_id") or activity.metadata_.get("template_id") == config["template_id"]
        return is_template and str(config.get("url") or "").lower() in str(activity.metadata_.get("url") or "").lower()

    def already(self, config: Mapping[str, Any]) -> sa.ColumnElement[bool]:
        clicks = sa.select(EmailLinkClick.contact_id).where(
            EmailLinkClick.contact_id.is_not(None), EmailLinkClick.machine_reason.is_(None)
        )
        if config.get("url"):
            clicks = clicks.where(sa.func.lower(EmailLinkClick.url).contains(config["url"].lower(), autoescape=True))
        if config.get("template_id"):
            clicks = clicks.join(EmailMessage).where(EmailMessage.template_id == config["template_id"])
        return Contact.id.in_(clicks)
