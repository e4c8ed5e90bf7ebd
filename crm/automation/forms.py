"""The forms of the workflow screens. Those of triggers and steps are with their types."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import IntegerField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, StopValidation

from crm.activity.vocabulary import VOCABULARY
from crm.automation.operations import REENTRY


class NameForm(FlaskForm):
    name = StringField(
        "Name", [InputRequired("Give the workflow a name."), Length(max=255, message="At most 255 characters.")]
    )


def _needed_after_days(form: EntryForm, field: IntegerField) -> None:
    """The number is asked for with the choice that needs it, and only then."""
    if form.reentry.data != "after_days":
        field.errors = []
        raise StopValidation()
    if not field.raw_data or not str(field.raw_data[0]).strip():
        field.errors = []
        raise StopValidation("Say after how many days.")


class EntryForm(FlaskForm):
    """How often a contact may enter, and what they are meant to do in the end."""

    reentry = RadioField(
        "A contact may enter", choices=[SelectChoice(*each) for each in REENTRY.items()], default="never"
    )
    days = IntegerField(
        "Days since the last time they entered",
        [_needed_after_days, NumberRange(1, 3650, "Give a number of days from 1 to 3,650.")],
        description="Only for “again after some days”.",
    )
    goal = SelectField(
        "Goal",
        choices=[SelectChoice("", "No goal"), *(SelectChoice(each.kind, each.label) for each in VOCABULARY)],
        description="A contact who does this while under way leaves the workflow, and is counted as having reached the goal.",
    )
