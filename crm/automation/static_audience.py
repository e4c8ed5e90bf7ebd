"""What the steps that change a static audience have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from wtforms import Form, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from crm.audiences.models import Audience
from crm.audiences.queries import static_audiences
from crm.automation.declared import Problem
from crm.automation.references import AUDIENCE
from crm.automation.step_type import Config, StepType
from crm.database import db
from crm.lib.form_checks import choices


def _static() -> list[SelectChoice]:
    return choices((str(each.id), each.name) for each in static_audiences())


class StaticAudienceForm(Form):
    audience_id = SelectField("Audience", [InputRequired("Choose an audience.")], coerce=int, choices=_static)


class StaticAudienceStep(StepType):
    """A step about an audience that is filled by hand."""

    references = {"audience_id": AUDIENCE}
    Form = StaticAudienceForm

    def missing(self, config: Mapping[str, Any]) -> list[Problem]:
        """What was deleted, and an audience that only its condition can fill."""
        found = AUDIENCE.find(config.get("audience_id"))
        dynamic = sa.select(Audience.name).where(Audience.id == found, Audience.kind != "static")
        if found is None or not (name := db.session.scalar(dynamic)):
            return super().missing(config)
        return [Problem("audience_id", f"“{name}” is filled by its condition. Choose a static audience.")]

    def named(self, config: Config) -> str | None:
        """The chosen audience in words."""
        return AUDIENCE.name_of(config["audience_id"]) if config.get("audience_id") else None
