"""The forms of the settings pages. A field is checked like the setting of its name in the configuration."""

from __future__ import annotations

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import Field, IntegerField, SelectField, StringField, TextAreaField, ValidationError
from wtforms.validators import InputRequired

from crm.lib.clock import zone_choices
from crm.lib.form_checks import Passes, choices, trimmed
from crm.lib.setting_values import DATE_STYLES
from crm.settings.operations import check_school_name
from crm.settings.overlay import READ


class Reads:
    """What is written can be read as the setting of this name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, _form: FlaskForm, field: Field) -> None:
        try:
            READ[self.name]("" if field.data is None else str(field.data))
        except ValueError as error:
            words = str(error)
            raise ValidationError(f"{words[0].upper()}{words[1:]}.") from None


class SchoolForm(FlaskForm):
    """Who the school is."""

    school_name = StringField(
        "School name",
        [Passes(check_school_name)],
        filters=[trimmed],
        description="On every page, and in what people receive.",
    )
    website = StringField(
        "Website",
        [Reads("WEBSITE")],
        filters=[trimmed],
        description="Linked from public pages and at the foot of emails, such as https://school.example.",
    )
    mail_address = TextAreaField(
        "Postal address",
        filters=[trimmed],
        description="At the foot of every email: the law of many countries wants it there.",
    )
    accent_colour = StringField(
        "Colour",
        [Reads("ACCENT_COLOUR")],
        filters=[trimmed],
        description="Of buttons and links on public pages, such as #2257c5. Empty: Cohort's own.",
    )

    def validate_mail_address(self, field: Field) -> None:
        if len(field.data or "") > 300:
            raise ValidationError("The address may have up to 300 characters.")


class LogoForm(FlaskForm):
    """A picture."""

    logo = FileField(
        "Logo",
        [FileRequired("Choose a picture.")],
        description="PNG, JPEG or WebP, up to 300 kB. Shown 40 dots high on public pages and above emails.",
    )


class LocaleForm(FlaskForm):
    """The school's clock, money and dates."""

    timezone = SelectField("Time zone", choices=zone_choices, description="The school's own clock.")
    currency = StringField(
        "Currency",
        [Reads("CURRENCY")],
        filters=[trimmed],
        description="Three letters, such as EUR, CHF or USD. Of orders that name no currency.",
    )
    date_style = SelectField(
        "Dates",
        choices=choices(DATE_STYLES.items()),
        description="For everybody who did not choose otherwise on their account page.",
    )


def _days(label: str, name: str, description: str) -> IntegerField:
    return IntegerField(label, [InputRequired("Write a whole number of days."), Reads(name)], description=description)


class RetentionForm(FlaskForm):
    """How long what is kept. Zero keeps it for good."""

    traces_kept_days = _days(
        "Addresses and devices of opens and clicks", "TRACES_KEPT_DAYS", "That it was opened stays; from where goes."
    )
    sign_ins_kept_days = _days("Who signed in from where", "SIGN_INS_KEPT_DAYS", "Sign-ins that have ended.")
    audit_kept_days = _days("Who changed what", "AUDIT_KEPT_DAYS", "The audit log.")
    deleted_kept_days = _days("Deleted contacts", "DELETED_KEPT_DAYS", "So long they can be brought back.")
    exports_kept_days = _days("Exported files", "EXPORTS_KEPT_DAYS", "They wait here to be fetched.")
    backup_keep = IntegerField(
        "Nightly backups",
        [InputRequired("Write a whole number."), Reads("BACKUP_KEEP")],
        description="How many are kept. With 0 none is made.",
    )
