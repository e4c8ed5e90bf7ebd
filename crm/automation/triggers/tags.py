"""Triggers about tags."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import sqlalchemy as sa
from wtforms import Form, SelectField
from wtforms.validators import Optional

from crm.activity.models import Fact
from crm.activity.vocabulary import TagAdded as TagAddedActivity
from crm.automation.references import TAG, optional_id
from crm.automation.trigger_type import TriggerType
from crm.contacts.models import Contact
from crm.tags.models import Tagging


class TagAddedForm(Form):
    tag_id = SelectField("Tag", [Optional()], coerce=optional_id, choices=partial(TAG.choices, "Any tag"))


class TagAdded(TriggerType):
    """Starts when a tag is put on a contact who did not wear it before."""

    kind = "tag_added"
    label = "A tag is added"
    group = "Contacts"
    icon = "tag"
    activities = (TagAddedActivity,)
    references = {"tag_id": TAG}
    Form = TagAddedForm

    def summary(self, config: Mapping[str, Any]) -> str:
        return f"The tag {TAG.name_of(config['tag_id'])} is added" if config.get("tag_id") else "Any tag is added"

    def matches(self, config: Mapping[str, Any], activity: Fact) -> bool:
        return not config.get("tag_id") or activity.subject_id == config["tag_id"]

    def already(self, config: Mapping[str, Any]) -> sa.ColumnElement[bool]:
        wearers = sa.select(Tagging.contact_id)
        return Contact.id.in_(wearers.where(Tagging.tag_id == config["tag_id"]) if config.get("tag_id") else wearers)
