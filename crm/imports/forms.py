"""Choosing a file, and saying what its columns mean."""

from __future__ import annotations

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.validators import Length, Optional

from crm.contacts.fieldset import countries
from crm.imports.columns import FOR_ALL_SEEING
from crm.imports.columns import fields as known_fields
from crm.imports.models import DEDUPE, EXISTING, ContactImport
from crm.tags.queries import all_tags
from crm.users.models import User

ORDERS = {"": "Refuse what can be read both ways", "day": "Day first: 3 April", "month": "Month first: 4 March"}


class UploadForm(FlaskForm):
    """The file."""

    file = FileField(
        "CSV file",
        [FileRequired("Choose a file.")],
        description="Comma, semicolon or tab separated, up to 64 MB. In Excel: Save as, CSV UTF-8.",
        render_kw={"accept": ".csv,.tsv,.txt,text/csv"},
    )


class MappingForm(FlaskForm):
    """What holds for every row; `mapping_form` adds a field per column."""

    existing = RadioField("Contacts who exist already", choices=list(EXISTING.items()), default="fill")
    dedupe = RadioField(
        "The same person has the same", choices=list(DEDUPE.items()), default="email",
        description="Rows without it are told apart by email, or by name and phone.",
    )  # fmt: skip
    tags = SelectMultipleField("Tags to add", coerce=int, validators=[Optional()])
    new_tag = StringField("New tag", [Optional(), Length(max=100)], description="Made and added to everyone.")
    country = SelectField("Country of phone numbers", description="For numbers without a country code.")
    dates = SelectField("Dates such as 3/4/1990", choices=list(ORDERS.items()), default="")

    consent_note = StringField(
        "Where their consent comes from", [Optional(), Length(max=300)],
        description="Such as “sign-up sheet, open day 2026”. Kept as proof for every new contact.",
    )  # fmt: skip
    asks_confirmation = BooleanField(
        "Ask new contacts to confirm their address",
        description="Each gets one email with a link; no marketing goes to those who have not confirmed.",
    )

    @property
    def mapping(self) -> dict[str, str]:
        """Column index → field, for the columns to import."""
        chosen = {each.short_name.removeprefix("column_"): each.data for each in self if _is_column(each.short_name)}
        return {index: field for index, field in chosen.items() if field}

    @property
    def day_first(self) -> bool | None:
        return {"day": True, "month": False}.get(self.dates.data)

    def column(self, index: int) -> SelectField:
        """The field of one column."""
        return self[f"column_{index}"]


def _is_column(name: str) -> bool:
    return name.startswith("column_")


def mapping_form(found: ContactImport, user: User) -> MappingForm:
    """The form of this import, filled with what is known, without what this user may not decide."""
    fields = {
        key: label for key, label in known_fields().items() if key not in FOR_ALL_SEEING or not user.sees_assigned_only
    }
    choices = [("", "Do not import"), *fields.items()]
    columns = {
        f"column_{index}": SelectField(name, choices=choices, default=found.mapping.get(str(index), ""))
        for index, name in enumerate(found.columns)
    }
    form = type("MappingForm", (MappingForm,), columns)(
        existing=found.existing,
        dedupe=found.dedupe,
        tags=found.tag_ids,
        country=found.country or "",
        consent_note=found.consent_note,
        asks_confirmation=found.asks_confirmation,
        dates={True: "day", False: "month"}.get(found.day_first, ""),
    )
    form.tags.choices = [(tag.id, tag.name) for tag in all_tags()]
    form.country.choices = [("", "None: such numbers are refused"), *countries()]
    if not user.can("crm.tags.manage"):
        del form.new_tag
    return form
