"""Forms for signing in, one's own account, and the people page."""

from __future__ import annotations

from flask import current_app
from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    Field,
    HiddenField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from crm.lib.clock import zone_choices
from crm.lib.dates import date_styles
from crm.lib.form_checks import Passes, choices, say, trimmed
from crm.users.operations import check_email, check_name
from crm.users.passwords import ADVICE, check_password, is_right
from crm.users.queries import role_labels
from crm.users.roles import PERMISSIONS, REACH, ROLE_NOTES

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
    date_style = SelectField(
        "Dates and times",
        choices=lambda: choices(date_styles(current_app.config["DATE_STYLE"]).items()),
        filters=[trimmed],
    )
    signature = TextAreaField(
        "Signature",
        [Length(max=2000)],
        filters=[trimmed],
        description="In Markdown. Emails can end with it: {{ contact.owner_signature }} gives its words, of the contact’s owner.",
    )
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


def _roles_in_words() -> list[SelectChoice]:
    """Every role with what it is for."""
    notes = {key: f"{label}: {ROLE_NOTES[key]}" for key, label in role_labels().items() if key in ROLE_NOTES}
    return choices({**role_labels(), **notes}.items())


class InvitationForm(FlaskForm):
    """Somebody who is to join."""

    email = StringField("Email", [Passes(check_email)], filters=[trimmed], description="What they will sign in with.")
    name = StringField("Name", [Length(max=120)], filters=[trimmed], description="They can change it.")
    role = RadioField("Role", choices=_roles_in_words)
    timezone = SelectField("Time zone", choices=zone_choices)


class ResetForm(FlaskForm):
    """A new password, typed twice, by somebody who came with a link."""

    password = PasswordField("Password", [InputRequired("Write a password.")], description=ADVICE)
    again = PasswordField("Password again", [InputRequired("Write the password again.")])
    known: tuple[str, ...] = ()
    """What the password must not be: the person's own name and address."""

    def validate_password(self, field: Field) -> None:
        say(check_password, field.data or "", *self.known)

    def validate_again(self, field: Field) -> None:
        if field.data != self.password.data:
            raise ValidationError("The two passwords differ.")


class AcceptForm(ResetForm):
    """The name and password of somebody who was invited."""

    name = StringField("Your name", [Passes(check_name)], filters=[trimmed])


class ForgottenForm(FlaskForm):
    """The address of somebody who forgot the password."""

    email = StringField("Email", [InputRequired("Write your email address."), Length(max=255)], filters=[trimmed])


class CodeForm(FlaskForm):
    """A code of the authenticator app, or a recovery code."""

    code = StringField("Code", [InputRequired("Write the code."), Length(max=40)], filters=[trimmed])


class OwnPasswordForm(FlaskForm):
    """The present password, to show that it is you."""

    current = PasswordField("Your password", [InputRequired("Write your password.")])

    def validate_current(self, field: Field) -> None:
        if not is_right(current_user.password_hash, field.data or ""):
            raise ValidationError("This is not your password.")


class SetUpForm(OwnPasswordForm, CodeForm):
    """The first code of the app, with the password."""


def new_password_form(form: ResetForm, *known: str) -> ResetForm:
    """The form, refusing passwords that are among these words about the person, or the name they write."""
    form.known = (*known, form["name"].data or "") if "name" in form else known
    return form


class RoleForm(FlaskForm):
    """Which of the roles somebody has."""

    role = SelectField("Role", choices=lambda: choices(role_labels().items()))


class OurRoleForm(FlaskForm):
    """A role of the school's own. The operation checks it."""

    name = StringField("Name", filters=[trimmed])
    reach = RadioField("Sees", choices=choices(REACH.items()))
    permissions = SelectMultipleField(
        "May", choices=choices(PERMISSIONS), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
    needs_two_factor = BooleanField("Has to use two-factor sign-in")


class FixedRoleForm(FlaskForm):
    """What a school may choose about one of the four roles."""

    reach = RadioField("Sees", choices=choices((key, label) for key, label in REACH.items() if key != "all"))
    needs_two_factor = BooleanField("Has to use two-factor sign-in")


class TeamForm(FlaskForm):
    """A team: its name and who is in it. The operation checks the name."""

    name = StringField("Name", filters=[trimmed])
    members = SelectMultipleField(
        "Members", coerce=int, widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
