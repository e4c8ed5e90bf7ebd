"""The form for the school's own facts."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import SelectField, StringField

from crm.lib.clock import zone_choices
from crm.lib.form_checks import Passes, trimmed
from crm.settings.operations import check_school_name


class SchoolForm(FlaskForm):
    """Name and clock."""

    school_name = StringField(
        "School name",
        [Passes(check_school_name)],
        filters=[trimmed],
        description="On every page, and in what people receive.",
    )
    timezone = SelectField("Time zone", choices=zone_choices, description="The school's own clock.")
