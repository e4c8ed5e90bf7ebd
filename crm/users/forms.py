"""Forms for signing in, one's own account, and the people page."""

from __future__ import annotations

from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, PasswordField, RadioField, SelectField, StringField
from wtforms.validators import InputRequired

from crm.lib.clock import zone_choices
from crm.users.operations import check_email, check_name
from crm.users.passwords import check_password, is_right
from crm.users.roles import ROLE_LABELS, ROLE_NOTES

THEMES = [("auto", "As the device"), ("light", "Light"), ("dark", "Dark")]


def trimmed(value: str | None) -> str:
    """What was typed, without the spaces around it."""
    return (value or "").strip()


class SignInForm(FlaskForm):
    """Address and password. Which of the two is wrong is never said."""

    email = StringField("Email", [InputRequired("Write your email address.")], filters=[trimmed])
    password = PasswordField("Password", [InputRequired("Write your password.")])
    next = HiddenField()


class AccountForm(FlaskForm):
    """What a user may change about themselves."""

    name = StringField("Name", filters=[trimmed])
    timezone = SelectField("Time zone", choices=zone_choices)
    theme = RadioField("Theme", choices=THEMES)

    def validate_name(self, field: Field) -> None:
        check_name(field.data)


class NewPassword(FlaskForm):
    """A new password, typed twice."""

    password = PasswordField("New password", description="At least 8 characters. A few unrelated words work well.")
    again = PasswordField("New password again")

    def validate_password(self, field: Field) -> None:
        check_password(field.data or "", current_user.email, current_user.name)

    def validate_again(self, field: Field) -> None:
        if field.data != self.password.data:
            raise ValueError("The two passwords differ.")


class PasswordForm(NewPassword):
    """A new password, with the present one to show that it is you."""

    current = PasswordField("Current password", [InputRequired("Write your current password.")])

    def validate_current(self, field: Field) -> None:
        if field.data and not is_right(current_user.password_hash, field.data):
            raise ValueError("This is not your current password.")


class NewUserForm(FlaskForm):
    """Somebody who is to sign in."""

    name = StringField("Name", filters=[trimmed])
    email = StringField("Email", filters=[trimmed], description="What they sign in with.")
    role = RadioField("Role", choices=[(key, f"{label}: {ROLE_NOTES[key]}") for key, label in ROLE_LABELS.items()])
    timezone = SelectField("Time zone", choices=zone_choices)

    def validate_name(self, field: Field) -> None:
        check_name(field.data)

    def validate_email(self, field: Field) -> None:
        check_email(field.data)


class RoleForm(FlaskForm):
    """Which of the roles somebody has."""

    role = SelectField("Role", choices=list(ROLE_LABELS.items()))
