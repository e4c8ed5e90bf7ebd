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
from crm.database import db
from crm.lib import clock
from crm.users.models import User
from crm.users.queries import users_by_name

Choices = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Detail:
    """One field. `kind` is how it is written: text, email, tel, date or choice. `column` is where it is kept."""

    key: str
    label: str
    kind: str = "text"
    choices: Callable[[], Choices] = tuple
    column: str = ""
    hint: str = ""

    def value_of(self, contact: Contact) -> Any:
        """The stored value."""
        return getattr(contact, self.column or self.key)

    def text_of(self, contact: Contact) -> str:
        """The stored value as its form writes it; nothing is the empty text."""
        value = self.value_of(contact)
        return "" if value is None else str(value)

    def words_for(self, value: Any) -> str:
        """A stored value as people read it."""
        if value is None or value == "":
            return ""
        if isinstance(value, date):
            return f"{value:%-d %B %Y}"
        return dict(self.choices()).get(str(value), str(value)) if self.kind == "choice" else str(value)


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


DETAILS = (
    Detail("first_name", "First name"),
    Detail("last_name", "Last name"),
    Detail("email", "Email", "email"),
    Detail("phone", "Phone", "tel", hint="With the country code if it is abroad, such as +44 20 7946 0000."),
    Detail("lifecycle_stage", "Stage", "choice", stages),
    Detail("owner", "Owner", "choice", owners, column="owner_id"),
    Detail("country", "Country", "choice", countries),
    Detail("city", "City"),
    Detail("language", "Language", "choice", languages),
    Detail("timezone", "Time zone", "choice", timezones),
    Detail("birthday", "Birthday", "date"),
    Detail("source", "Source", hint="Where they heard of the school."),
)
BY_KEY = {each.key: each for each in DETAILS}


def details_for(viewer: User) -> tuple[Detail, ...]:
    """The fields this viewer may write: whoever sees only assigned contacts assigns none."""
    return tuple(each for each in DETAILS if each.key != "owner" or not viewer.sees_assigned_only)


def parse_all(values: Mapping[str, Any], country: str | None = None) -> tuple[dict[str, Any], dict[str, str]]:
    """What people wrote, by field → (values to store by column, problems by field). Unknown fields are problems.

    A phone number without a country code is read as dialled in the contact's country, which `values` may name, or in the school's.
    """
    clean: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for key in sorted(values, key=lambda each: each == "phone"):
        value, problem = _parse(key, values[key], clean.get("country", country))
        if problem:
            problems[key] = problem
        else:
            clean[BY_KEY[key].column or key] = value
    return clean, problems


def _parse(key: str, given: Any, country: str | None) -> parsing.Parsed:
    if key not in BY_KEY:
        return None, "There is no such field."
    if isinstance(given, bool) or not isinstance(given, str | int | date | None):
        return None, "Write it as text."
    text = "" if given is None else str(given)
    if key == "owner":
        return _owner(text)
    if key == "phone":
        return parsing.phone(text, country or school_country())
    return parsing.PARSERS[key](text)


def _owner(text: str) -> parsing.Parsed:
    """A person by id or email address."""
    text = text.strip()
    if not text:
        return None, None
    wanted = (
        User.id == int(text) if text.isascii() and text.isdigit() and len(text) < 19 else User.email == text.lower()
    )
    found = db.session.scalar(sa.select(User.id).where(wanted, User.is_enabled))
    return (found, None) if found else (None, "Nobody at the school has this account.")


def school_country() -> str | None:
    """The country of the school's time zone, if the zone has one."""
    return get_global("zone_territories").get(current_app.config["TIMEZONE"])
