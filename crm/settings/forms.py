"""The form for the school's own facts."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import Field, SelectField, StringField

from crm.lib.clock import zone_choices
from crm.settings.operations import check_school_name


class SchoolForm(FlaskForm):
    """Name and clock."""

    school_name = StringField("School name", description="On every page, and in what people receive.")
    timezone = SelectField("Time zone", choices=zone_choices, description="The school's own clock.")

    def validate_school_name(self, field: Field) -> None:
        check_school_name(field.data or "")
