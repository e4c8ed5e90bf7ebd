"""The forms of an audience."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import Length, Optional

from crm.conditions.forms import ConditionField


class AudienceForm(FlaskForm):
    """Name and purpose. `seen` is when the audience was last edited as far as this page knows."""

    name = StringField("Name")
    description = TextAreaField("What it is for", validators=[Optional(), Length(max=2000)])
    seen = HiddenField()


class DynamicForm(AudienceForm):
    """The same with the condition that fills it."""

    condition = ConditionField("Who belongs", needs_clause=True)
