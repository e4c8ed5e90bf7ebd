"""The form of the first start."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import Field, PasswordField, SelectField, StringField
from wtforms.validators import InputRequired

from crm.lib.clock import zone_choices
from crm.settings.operations import check_school_name
from crm.users.operations import check_email, check_name
from crm.users.passwords import check_password


class SetupForm(FlaskForm):
    """The code, the first administrator, the school."""

    code = StringField("Setup code", [InputRequired("Write the setup code.")])
    name = StringField("Your name")
    email = StringField("Your email", description="What you sign in with.")
    password = PasswordField("Password", description="At least 8 characters. A few unrelated words work well.")
    again = PasswordField("Password again")
    school_name = StringField("School name", description="On every page, and in what people receive.")
    timezone = SelectField("Time zone", choices=zone_choices)

    def validate_name(self, field: Field) -> None:
        check_name(field.data or "")

    def validate_email(self, field: Field) -> None:
        check_email(field.data or "")

    def validate_password(self, field: Field) -> None:
        check_password(field.data or "", self.email.data or "", self.name.data or "", self.school_name.data or "")

    def validate_again(self, field: Field) -> None:
        if field.data != self.password.data:
            raise ValueError("The two passwords differ.")

    def validate_school_name(self, field: Field) -> None:
        check_school_name(field.data or "")
