"""Forms for signing in, one's own account, and the people page."""

from __future__ import annotations

from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import (
    Field,
    HiddenField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    ValidationError,
)
from wtforms.validators import InputRequired
from wtforms.widgets import CheckboxInput, ListWidget

from crm.lib.clock import zone_choices
from crm.lib.form_checks import Passes, choices, say, trimmed
from crm.users.operations import check_email, check_name
from crm.users.passwords import ADVICE, check_password, is_right
from crm.users.roles import ROLE_LABELS, ROLE_NOTES

THEMES = {"auto": "As the device", "light": "Light", "dark": "Dark"}


class SignInForm(FlaskForm):
    """Address and password. Which of the two is wrong is never said."""

    email = StringField("Email", [InputRequired("Write your email address.")], filters=[trimmed])
    password = PasswordField("Password", [InputRequired("Write your password.")])
    next = HiddenField()


class AccountForm(FlaskForm):
    """What a user may change about themselves."""

    name = StringField("Name", [Passes(check_name)], filters=[trimmed])
    timezone = SelectField("Time zone", choices=zone_choices)
    theme = RadioField("Theme", choices=choices(THEMES.items()))


class PasswordForm(FlaskForm):
    """A new password, typed twice, with the present one to show that it is you."""

    current = PasswordField("Current password", [InputRequired("Write your current password.")])
    password = PasswordField("New password", [InputRequired("Write a new password.")], description=ADVICE)
    again = PasswordField("New password again", [InputRequired("Write the new password again.")])

    def validate_current(self, field: Field) -> None:
        if not is_right(current_user.password_hash, field.data or ""):
            raise ValidationError("This is not your current password.")

    def validate_password(self, field: Field) -> None:
        say(check_password, field.data or "", current_user.email, current_user.name)

    def validate_again(self, field: Field) -> None:
        if field.data != self.password.data:
            raise ValidationError("The two passwords differ.")


class NewUserForm(FlaskForm):
    """Somebody who is to sign in."""

    name = StringField("Name", [Passes(check_name)], filters=[trimmed])
    email = StringField("Email", [Passes(check_email)], filters=[trimmed], description="What they sign in with.")
    role = RadioField("Role", choices=choices((key, f"{ROLE_LABELS[key]}: {ROLE_NOTES[key]}") for key in ROLE_LABELS))
    timezone = SelectField("Time zone", choices=zone_choices)


class RoleForm(FlaskForm):
    """Which of the roles somebody has."""

    role = SelectField("Role", choices=choices(ROLE_LABELS.items()))


class TeamForm(FlaskForm):
    """A team: its name and who is in it. The operation checks the name."""

    name = StringField("Name", filters=[trimmed])
    members = SelectMultipleField(
        "Members", coerce=int, widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
