"""Triggers about email. Only people count: what programs fetch and follow is no activity of a contact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from wtforms import Form, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional

from crm.activity.models import Fact
from crm.activity.vocabulary import EmailClicked as EmailClickedActivity
from crm.activity.vocabulary import EmailOpened as EmailOpenedActivity
from crm.automation.references import BROADCAST, TEMPLATE, optional_id
from crm.automation.trigger_type import TriggerType
from crm.broadcasts.models import PURPOSE
from crm.contacts.models import Contact
from crm.database import db
from crm.email.models import EmailLinkClick, EmailMessage
from crm.lib.form_checks import choices

CHUNK = 500


def _templates() -> list[SelectChoice]:
    return [*choices([("", "Any template")]), *TEMPLATE.options()]


def _broadcasts() -> list[SelectChoice]:
    return [*choices([("", "Any email")]), *BROADCAST.options()]


class EmailOpenedForm(Form):
    broadcast_id = SelectField("Broadcast", [Optional()], coerce=optional_id, choices=_broadcasts)
    template_id = SelectField("Template", [Optional()], coerce=optional_id, choices=_templates)


class EmailClickedForm(EmailOpenedForm):
    url = StringField(
        "Only links that contain", [Length(max=500)], filters=[lambda text: text.strip() if text else text]
    )


class EmailTrigger(TriggerType):
    """What triggers about an email have in common: which email is meant."""

    group = "Email"
    references = {"broadcast_id": BROADCAST, "template_id": TEMPLATE}

    def matches(self, config: Mapping[str, Any], activity: Fact) -> bool:
        return not config.get("template_id") or activity.metadata_.get("template_id") == config["template_id"]

    def meant(self, config: Mapping[str, Any], activities: Sequence[Fact]) -> list[Fact]:
        found = super().meant(config, activities)
        if not config.get("broadcast_id") or not found:
            return found
        sent = _sent_by(config["broadcast_id"], [each.subject_id for each in found if each.subject_id])
        return [each for each in found if each.subject_id in sent]

    def _messages(self, config: Mapping[str, Any]) -> sa.ColumnElement[bool]:
        """The messages that are meant."""
        parts = [EmailMessage.contact_id.is_not(None)]
        if config.get("broadcast_id"):
            parts += [EmailMessage.purpose == PURPOSE, EmailMessage.parent_id == config["broadcast_id"]]
        if config.get("template_id"):
            parts.append(EmailMessage.template_id == config["template_id"])
        return sa.and_(*parts)


class EmailOpened(EmailTrigger):
    """Starts when a contact opens an email. Mail programs that fetch every picture by themselves do not count."""

    kind = "email_opened"
    label = "An email is opened"
    icon = "mail-opened"
    activities = (EmailOpenedActivity,)
    Form = EmailOpenedForm

    def summary(self, config: Mapping[str, Any]) -> str:
        which = _which(config)
        return f"{which[:1].upper()}{which[1:]} is opened"

    def already(self, config: Mapping[str, Any]) -> sa.ColumnElement[bool]:
        opened = sa.select(EmailMessage.contact_id).where(EmailMessage.opened_at.is_not(None), self._messages(config))
        return Contact.id.in_(opened)


class EmailClicked(EmailTrigger):
    """Starts when a contact clicks a link in an email. Clicks by mail scanners do not count."""

    kind = "email_clicked"
    label = "A link is clicked"
    icon = "click"
    activities = (EmailClickedActivity,)
    Form = EmailClickedForm

    def summary(self, config: Mapping[str, Any]) -> str:
        link = f"A link containing “{config['url']}”" if config.get("url") else "A link"
        return f"{link} is clicked in {_which(config)}"

    def matches(self, config: Mapping[str, Any], activity: Fact) -> bool:
        is_link = str(config.get("url") or "").lower() in str(activity.metadata_.get("url") or "").lower()
        return is_link and super().matches(config, activity)

    def already(self, config: Mapping[str, Any]) -> sa.ColumnElement[bool]:
        clicks = sa.select(EmailLinkClick.contact_id).where(
            EmailLinkClick.contact_id.is_not(None), EmailLinkClick.visitor == "person"
        )
        if config.get("url"):
            clicks = clicks.where(sa.func.lower(EmailLinkClick.url).contains(config["url"].lower(), autoescape=True))
        if config.get("template_id") or config.get("broadcast_id"):
            clicks = clicks.join(EmailMessage).where(self._messages(config))
        return Contact.id.in_(clicks)


def _which(config: Mapping[str, Any]) -> str:
    parts = []
    if config.get("broadcast_id"):
        parts.append(f"the broadcast {BROADCAST.name_of(config['broadcast_id'])}")
    if config.get("template_id"):
        parts.append(f"the email {TEMPLATE.name_of(config['template_id'])}")
    return " made from ".join(parts) or "any email"


def _sent_by(broadcast_id: int, message_ids: Sequence[int]) -> set[int]:
    """Those of these messages that are the broadcast's."""
    mine = sa.and_(EmailMessage.purpose == PURPOSE, EmailMessage.parent_id == broadcast_id)
    found: set[int] = set()
    for start in range(0, len(message_ids), CHUNK):
        some = EmailMessage.id.in_(message_ids[start : start + CHUNK])
        found |= set(db.session.scalars(sa.select(EmailMessage.id).where(some, mine)))
    return found
