"""What people may write about a contact: each field's key, label, rule and how its value reads.

Forms, the profile, imports and the API all go through `parse_all`; the rule of one field is in `parsing`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from babel import Locale
from babel.core import get_global
from flask import current_app

from crm.contacts import parsing
from crm.contacts.models import LIFECYCLE_STAGES, Contact
from crm.custom_fields.models import CustomField
from crm.custom_fields.queries import custom_fields, field_named
from crm.database import db
from crm.lib import clock
from crm.users.models import User
from crm.users.queries import teams_by_name, users_by_name

Choices = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Detail:
    """One field. `kind` is how it is written: a key of `forms.CONTROLS`. `column` is where it is kept.

    `group` is where the profile shows it; those who see only their own contacts cannot write what `is_for_all_seeing`.
    """

    key: str
    label: str
    kind: str = "text"
    choices: Callable[[], Choices] = tuple
    column: str = ""
    hint: str = ""
    group: str = "Details"
    is_for_all_seeing: bool = False
    is_required: bool = False

    @property
    def place(self) -> str:
        """The id of the field's part of the page."""
        return "field-" + self.key.replace(".", "-")

    def read(self, given: Any) -> parsing.Parsed:
        """What was written → the value to store, or what is wrong with it."""
        if isinstance(given, bool) or not isinstance(given, str | int | date | None):
            return None, "Write it as text."
        text = "" if given is None else str(given)
        return parsing.PARSERS[self.key](text)

    def form_value(self, contact: Contact) -> Any:
        """The stored value as its control takes it."""
        return self.text_of(contact)

    def value_of(self, contact: Contact) -> Any:
        """The stored value."""
        return getattr(contact, self.column or self.key)

    def text_of(self, contact: Contact) -> str:
        """The stored value as its form writes it; nothing is the empty text."""
        value = self.value_of(contact)
        if self.kind == "contact" and value:
            return email_of_contact(value)
        return "" if value is None else str(value)

    def words_for(self, value: Any) -> str:
        """A stored value as people read it."""
        if value is None or value == "":
            return ""
        if self.kind == "contact":
            return name_of_contact(value)
        if isinstance(value, date):
            return f"{value:%-d %B %Y}"
        return dict(self.choices()).get(str(value), str(value)) if self.kind == "choice" else str(value)


@dataclass(frozen=True)
class CustomDetail(Detail):
    """A field the school made itself; its value is in `contact_field_values`."""

    field: CustomField = None  # type: ignore[assignment]

    def read(self, given: Any) -> parsing.Parsed:
        value, problem = self.field.kind.parse(given, self.field.choices)
        return (
            (None, "This has to be filled in.")
            if value is None and not problem and self.is_required
            else (value, problem)
        )

    def value_of(self, contact: Contact) -> Any:
        column = self.field.kind.column
        return self.field.kind.value(
            [getattr(each, column) for each in contact.field_values if each.field_id == self.field.id]
        )

    def text_of(self, contact: Contact) -> str:
        return self.field.kind.text(self.value_of(contact))

    def form_value(self, contact: Contact) -> Any:
        return self.value_of(contact) or [] if self.field.kind.has_several else self.text_of(contact)

    def words_for(self, value: Any) -> str:
        return self.field.kind.words(value)


def custom_detail(field: CustomField) -> CustomDetail:
    """The school's field as one like the others. A choice no longer offered can still stand on a contact."""
    kind = field.kind
    choices = [("yes", "Yes"), ("no", "No")] if kind.key == "yes_no" else [(each, each) for each in field.choices]
    return CustomDetail(
        field.name, field.label, kind.control, lambda: choices, hint=field.help, group="More", is_required=field.is_required,
        field=field,
    )  # fmt: skip


@lru_cache(maxsize=1)
def countries() -> Choices:
    """ISO code and English name of every country, by name."""
    names = Locale("en").territories
    codes = {code for code in parsing.countries_by_name().values() if code in names}
    return sorted(((code, names[code]) for code in codes), key=lambda each: each[1])


@lru_cache(maxsize=1)
def languages() -> Choices:
    """Tag and English name of every language, by name."""
    names = Locale("en").languages
    codes = {code for code in parsing.languages_by_name().values() if code in names}
    return sorted(((code, names[code]) for code in codes), key=lambda each: each[1])


@lru_cache(maxsize=1)
def timezones() -> Choices:
    """Every time zone named after a place, and UTC."""
    return [(zone, zone.replace("_", " ")) for zone in sorted(clock.zones()) if "/" in zone or zone == "UTC"]


def stages() -> Choices:
    """Lifecycle stages, first to last."""
    return list(LIFECYCLE_STAGES.items())


STAGE_TONES = {"prospect": "info", "enrolled": "good", "active": "good", "lost": "bad"}


def stage_marks() -> dict[str, tuple[str, str]]:
    """Label and tone of each stage."""
    return {key: (label, STAGE_TONES.get(key, "neutral")) for key, label in stages()}


def owners() -> Choices:
    """The people a contact can be assigned to."""
    return [(str(user.id), user.name) for user in users_by_name()]


def teams() -> Choices:
    """The teams a contact can belong to."""
    return [(str(team.id), team.name) for team in teams_by_name()]


DETAILS = (
    Detail("first_name", "First name"),
    Detail("last_name", "Last name"),
    Detail("email", "Email", "email"),
    Detail("phone", "Phone", "tel", hint="With the country code if it is abroad, such as +44 20 7946 0000."),
    Detail("lifecycle_stage", "Stage", "choice", stages),
    Detail("owner", "Owner", "choice", owners, column="owner_id", is_for_all_seeing=True),
    Detail("team", "Team", "choice", teams, column="team_id", is_for_all_seeing=True),
    Detail("country", "Country", "choice", countries),
    Detail("city", "City"),
    Detail("language", "Language", "choice", languages),
    Detail("timezone", "Time zone", "choice", timezones),
    Detail("birthday", "Birthday", "date"),
    Detail(
        "guardian", "Guardian", "contact", column="guardian_id", is_for_all_seeing=True,
        hint="The parent or carer of a minor: the email address of a contact.",
    ),
    Detail("source", "Source", hint="Where they heard of the school.", group="Origin"),
    Detail(
        "referrer", "Referred by", "contact", column="referrer_id", group="Origin", is_for_all_seeing=True,
        hint="The email address of a contact.",
    ),
    Detail("utm_source", "UTM source", group="Origin"),
    Detail("utm_medium", "UTM medium", group="Origin"),
    Detail("utm_campaign", "UTM campaign", group="Origin"),
    Detail("utm_term", "UTM term", group="Origin"),
    Detail("utm_content", "UTM content", group="Origin"),
    Detail("external_id", "External ID", hint="What another system calls this contact.", group="Origin"),
)  # fmt: skip
BY_KEY = {each.key: each for each in DETAILS}


def details_for(viewer: User) -> tuple[Detail, ...]:
    """The fields this viewer may write: whoever sees only assigned contacts assigns none and links them to nobody."""
    every = (*DETAILS, *custom_details())
    return tuple(each for each in every if not (each.is_for_all_seeing and viewer.sees_assigned_only))


def custom_details() -> tuple[CustomDetail, ...]:
    """The school's own fields, in its order."""
    return tuple(custom_detail(each) for each in custom_fields())


def detail_named(key: str) -> Detail | None:
    """The field of this key, the school's own ones included."""
    if key in BY_KEY:
        return BY_KEY[key]
    field = field_named(key)
    return custom_detail(field) if field else None


def parse_all(values: Mapping[str, Any], country: str | None = None) -> tuple[dict[str, Any], dict[str, str]]:
    """What people wrote, by field → (values to store by column, problems by field). Unknown fields are problems.

    A phone number without a country code is read as dialled in the contact's country, which `values` may name, or in the school's.
    """
    clean: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for key in sorted(values, key=lambda each: each == "phone"):
        detail = detail_named(key)
        if detail is None:
            problems[key] = "There is no such field."
            continue
        value, problem = _parse(detail, values[key], clean.get("country", country))
        if problem:
            problems[key] = problem
        else:
            clean[detail.column or key] = value
    return clean, problems


def _parse(detail: Detail, given: Any, country: str | None) -> parsing.Parsed:
    if detail.key == "phone" and isinstance(given, str):
        return parsing.phone(given, country or school_country())
    if detail.key in LINKS:
        return LINKS[detail.key](str("" if given is None else given).strip())
    return detail.read(given)


def _owner(text: str) -> parsing.Parsed:
    """A person by id or email address."""
    if not text:
        return None, None
    wanted = (
        User.id == int(text) if text.isascii() and text.isdigit() and len(text) < 19 else User.email == text.lower()
    )
    found = db.session.scalar(sa.select(User.id).where(wanted, User.is_enabled))
    return (found, None) if found else (None, "Nobody at the school has this account.")


def _team(text: str) -> parsing.Parsed:
    """A team by id or name."""
    if not text:
        return None, None
    found = next((each.id for each in teams_by_name() if text in (str(each.id), each.name)), None)
    return (found, None) if found else (None, "There is no such team.")


def _contact(text: str) -> parsing.Parsed:
    """A contact by id or email address."""
    if not text:
        return None, None
    is_id = text.isascii() and text.isdigit() and len(text) < 19
    found = db.session.scalar(
        sa.select(Contact.id).where(Contact.id == int(text) if is_id else Contact.email == text.lower())
    )
    return (found, None) if found else (None, "There is no contact with this email address.")


LINKS = {"owner": _owner, "team": _team, "guardian": _contact, "referrer": _contact}


def name_of_contact(contact_id: int) -> str:
    """What to call the contact of this id."""
    found = db.session.get(Contact, contact_id)
    return found.name if found else ""


def email_of_contact(contact_id: int) -> str:
    """The contact's address, or the id of one without."""
    return db.session.scalar(sa.select(Contact.email).where(Contact.id == contact_id)) or str(contact_id)


def school_country() -> str | None:
    """The country of the school's time zone, if the zone has one."""
    return get_global("zone_territories").get(current_app.config["TIMEZONE"])
