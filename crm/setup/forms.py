"""The form of the first start."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import Field, PasswordField, SelectField, StringField, ValidationError
from wtforms.validators import InputRequired

from crm.lib.clock import zone_choices
from crm.lib.form_checks import Passes, say, trimmed
from crm.settings.operations import check_school_name
from crm.users.operations import check_email, check_name
from crm.users.passwords import ADVICE, check_password


class SetupForm(FlaskForm):
    """The code, the first administrator, the school."""

    code = StringField("Setup code", [InputRequired("Write the setup code.")], filters=[trimmed])
    name = StringField("Your name", [Passes(check_name)], filters=[trimmed])
    email = StringField("Your email", [Passes(check_email)], filters=[trimmed], description="What you sign in with.")
    password = PasswordField("Password", [InputRequired("Write a password.")], description=ADVICE)
    again = PasswordField("Password again", [InputRequired("Write the password again.")])
    school_name = StringField(
        "School name",
        [Passes(check_school_name)],
        filters=[trimmed],
        description="On every page, and in what people receive.",
    )
    timezone = SelectField("Time zone", choices=zone_choices)

    def validate_password(self, field: Field) -> None:
        known = (self.email.data or "", self.name.data or "", self.school_name.data or "")
        say(check_password, field.data or "", *known)

    def validate_again(self, field: Field) -> None:
        if field.data != self.password.data:
            raise ValidationError("The two passwords differ.")
