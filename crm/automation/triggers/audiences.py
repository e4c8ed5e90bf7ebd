"""Triggers about audiences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from wtforms import Form, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional

from crm.activity.models import Fact
from crm.activity.vocabulary import AudienceJoined as AudienceJoinedActivity
from crm.audiences.models import AudienceMember
from crm.automation.references import AUDIENCE
from crm.automation.trigger_type import TriggerType
from crm.automation.triggers.tags import optional_id
from crm.contacts.models import Contact
from crm.lib.form_checks import choices


def _audiences() -> list[SelectChoice]:
    return [*choices([("", "Any audience")]), *AUDIENCE.options()]


class AudienceJoinedForm(Form):
    audience_id = SelectField("Audience", [Optional()], coerce=optional_id, choices=_audiences)


class AudienceJoined(TriggerType):
    """Starts when a contact joins an audience: added by hand or by a workflow, or because a dynamic audience's condition
    has come true of them."""

    kind = "audience_joined"
    label = "Someone joins an audience"
    group = "Contacts"
    icon = "users-plus"
    activities = (AudienceJoinedActivity,)
    references = {"audience_id": AUDIENCE}
    Form = AudienceJoinedForm

    def summary(self, config: Mapping[str, Any]) -> str:
        chosen = config.get("audience_id")
        return f"Someone joins the audience {AUDIENCE.name_of(chosen)}" if chosen else "Someone joins any audience"

    def matches(self, config: Mapping[str, Any], activity: Fact) -> bool:
        return not config.get("audience_id") or activity.subject_id == config["audience_id"]

    def already(self, config: Mapping[str, Any]) -> sa.ColumnElement[bool]:
        members = sa.select(AudienceMember.contact_id)
        chosen = config.get("audience_id")
        return Contact.id.in_(members.where(AudienceMember.audience_id == chosen) if chosen else members)
