"""A form with one field of each kind, to be looked at."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    FileField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, NumberRange, Optional


class SampleForm(FlaskForm):
    """Nothing is done with it."""

    name = StringField("Full name", [InputRequired("Write a name, so that people know who this is.")])
    email = EmailField("Email", [Optional()], description="Where tracked emails go.")
    country = SelectField("Country", choices=["Denmark", "Norway", "Sweden"])
    tags = SelectMultipleField("Tags", choices=["Alumni", "Interested", "VIP"])
    notes = TextAreaField("Notes", [Optional()])
    seats = IntegerField("Seats", [NumberRange(1, 20, "Seats are from 1 to 20.")])
    starts_on = DateField("Start day", [Optional()])
    channel = RadioField("Channel", choices=["Email", "SMS", "WhatsApp"])
    has_consent = BooleanField("Agreed to receive news")
    file = FileField("CSV file", [Optional()])
    password = PasswordField("Password", [Optional()], render_kw={"autocomplete": "new-password"})
