"""The forms of the workflow screens. Those of triggers and steps are with their types."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import IntegerField, RadioField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from crm.automation.operations import REENTRY


class NameForm(FlaskForm):
    name = StringField(
        "Name", [InputRequired("Give the workflow a name."), Length(max=255, message="At most 255 characters.")]
    )


class EntryForm(FlaskForm):
    """How often a contact may enter."""

    reentry = RadioField("A contact may enter", choices=list(REENTRY.items()), default="never")
    days = IntegerField(
        "Days since the last time they entered",
        [Optional(), NumberRange(1, 3650, "Give a number of days from 1 to 3,650.")],
        description="Only for “again after some days”.",
    )

    def validate_days(self, field: IntegerField) -> None:
        """The number is asked for with the choice that needs it."""
        if self.reentry.data == "after_days" and field.data is None:
            raise ValueError("Say after how many days.")
