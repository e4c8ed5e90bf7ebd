"""Triggers about the contact as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from wtforms import Form, StringField
from wtforms.validators import Length, Optional, Regexp

from crm.activity.models import Fact
from crm.activity.vocabulary import ContactCreated
from crm.automation.trigger_type import TriggerType
from crm.contacts.models import Contact


class StudentCreatedForm(Form):
    country = StringField(
        "Only from this country",
        [Optional(), Regexp("^[A-Za-z]{2}$", message="Write the country's two letters, such as DE.")],
        filters=[lambda text: text.strip().upper() if text else text],
    )
    source = StringField(
        "Only from this source", [Length(max=120)], filters=[lambda text: text.strip() if text else text]
    )


class StudentCreated(TriggerType):
    """Starts when a contact is added, by hand, by an import or by a form. Leave the filters empty to take everyone."""

    kind = "student_created"
    label = "A contact is added"
    group = "Contacts"
    icon = "user-plus"
    activities = (ContactCreated,)
    Form = StudentCreatedForm

    def summary(self, config: Mapping[str, Any]) -> str:
        words = [f"from {config['country']}"] if config.get("country") else []
        words += [f"with the source “{config['source']}”"] if config.get("source") else []
        return " ".join(["A contact is added", *words])

    def matches(self, config: Mapping[str, Any], activity: Fact) -> bool:
        return all(
            str(activity.metadata_.get(key) or "").casefold() == str(config[key]).casefold()
            for key in ("country", "source")
            if config.get(key)
        )

    def already(self, config: Mapping[str, Any]) -> sa.ColumnElement[bool]:
        found = sa.true()
        if config.get("country"):
            found &= Contact.country == config["country"]
        if config.get("source"):
            found &= sa.func.lower(Contact.source) == config["source"].lower()
        return found
