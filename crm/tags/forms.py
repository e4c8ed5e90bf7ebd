"""The form of a tag."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, StringField, TextAreaField
from wtforms.validators import Length, Optional

from crm.lib.form_checks import choices
from crm.tags.models import COLORS


class TagForm(FlaskForm):
    """Name, colour and what the tag is for."""

    name = StringField("Name")
    color = RadioField("Colour", choices=choices((each, each.title()) for each in COLORS), default="gray")
    seen = HiddenField()
    description = TextAreaField("What it is for", validators=[Optional(), Length(max=2000)])
