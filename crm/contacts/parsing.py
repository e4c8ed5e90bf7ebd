"""One rule per field of a contact, for forms, imports and the API: what a person wrote → the value to store, or what is wrong.

Each parser takes text and answers `(value, problem)`. An empty text is no problem: its value is what "nothing" is stored as.
A problem is a sentence for the person who wrote the text; its value is then None.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Any

import phonenumbers
from babel import Locale, localedata
from email_validator import EmailNotValidError, validate_email

from crm.contacts.models import LIFECYCLE_STAGES
from crm.contacts.own_names import OWN_NAMES
from crm.lib import clock
from crm.lib.words import fold

Parsed = tuple[Any, str | None]
Parser = Callable[[str], Parsed]
SPOKEN = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "tr")
"""Languages in which names of countries and languages are understood."""

_UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd\ud800-\udfff]")
_PLAIN_EMAIL = re.compile(
    r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", re.ASCII
)
_PLAIN_PHONE = re.compile(r"\+([1-9]\d{6,14})", re.ASCII)
_DATE = re.compile(r"(\d{1,4})\s*([-./])\s*(\d{1,2})\s*\2\s*(\d{1,4})(?:[ T]00:00(?::00)?)?", re.ASCII)


def text(value: str, limit: int = 120) -> Parsed:
    """A line of text: spaces collapsed, at most `limit` characters."""
    if _UNREADABLE.search(value):
        return None, "It contains characters that cannot be read."
    clean = " ".join(value.split())
    return (clean, None) if len(clean) <= limit else (None, f"It is longer than {limit} characters.")


def name(value: str) -> Parsed:
    """A first or last name; nothing is stored as an empty text."""
    return text(value)


def line(value: str) -> Parsed:
    """A city, a source; nothing is stored as None."""
    clean, problem = text(value)
    return clean or None, problem


def email(value: str) -> Parsed:
    """An address in lower case."""
    clean = value.strip().lower().removeprefix("mailto:")
    if not clean:
        return None, None
    if len(clean) <= 254 and _PLAIN_EMAIL.fullmatch(clean) and clean.index("@") <= 64:
        return clean, None
    return _unusual_email(clean)


def _unusual_email(value: str) -> Parsed:
    try:
        found = validate_email(value[:400], check_deliverability=False, globally_deliverable=False)
    except (EmailNotValidError, ValueError):
        return None, "This is no email address."
    if "." not in found.domain or len(found.normalized) > 254 or len(found.local_part) > 64:
        return None, "This is no email address."
    return found.normalized.lower(), None


def phone(value: str, country: str | None = None) -> Parsed:
    """A number in E.164. One without a country code is read as dialled in `country` (ISO code)."""
    clean = value.strip()
    if not clean:
        return None, None
    plain = _PLAIN_PHONE.fullmatch(clean)
    if plain and _is_possible(plain[1]):
        return clean, None
    return _written_phone(clean, country)


def _written_phone(value: str, country: str | None) -> Parsed:
    if not country and not value.startswith(("+", "00")):
        return None, "Write it with the country code, such as +49 30 123456."
    if not country and value.startswith("00"):
        value = "+" + value[2:]
    try:
        number = phonenumbers.parse(value[:60], country)
    except phonenumbers.NumberParseException:
        return None, "This is no phone number."
    if number.extension or not phonenumbers.is_possible_number(number):
        return None, "This is no phone number." if not number.extension else "Leave out the extension."
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), None


def _is_possible(digits: str) -> bool:
    for length in (1, 2, 3):
        if int(digits[:length]) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            return _has_possible_length(int(digits[:length]), len(digits) - length) and digits[length] != "0"
    return False


@lru_cache(maxsize=4096)
def _has_possible_length(code: int, length: int) -> bool:
    """Whether numbers of this country code may have so many digits after it."""
    if length < 1:
        return False
    return phonenumbers.is_possible_number(phonenumbers.parse(f"+{code}{'2' * length}"))


def country(value: str) -> Parsed:
    """An ISO 3166 code, from the code or the name in one of several languages."""
    if (code := value.strip()) in phonenumbers.SUPPORTED_REGIONS:
        return code, None
    return _chosen(value, countries_by_name(), "This is no country we know; write its name or its two letters.")


def language(value: str) -> Parsed:
    """A language tag such as de or pt-BR, from the tag or the name in one of several languages."""
    clean = value.strip().replace("_", "-")
    if len(clean) == 2 and clean.islower() and clean.isascii() and localedata.exists(clean):
        return clean, None
    if clean.count("-") == 1 and len(clean) <= 10:
        base, region = clean.split("-")
        if base.lower() in languages_by_name().values() and region.lower() in countries_by_name():
            return f"{base.lower()}-{region.upper()}", None
    return _chosen(value, languages_by_name(), "This is no language we know; write its name or its two letters.")


def timezone(value: str) -> Parsed:
    """An IANA time zone."""
    return _chosen(value, _zones_by_name(), "This is no time zone; write one such as Europe/Berlin.")


def lifecycle_stage(value: str) -> Parsed:
    """A lifecycle stage by its key or its label; nothing is a lead."""
    clean, problem = _chosen(value, _stages_by_name(), f"Choose one of {', '.join(LIFECYCLE_STAGES.values())}.")
    return (None, problem) if problem else (clean or "lead", None)


def birthday(value: str, day_first: bool | None = None) -> Parsed:
    """A day of birth: 1990-04-03, 3.4.1990, or with slashes in the order `day_first` says, when it can be read both ways."""
    clean = value.strip()
    if not clean:
        return None, None
    match = _DATE.fullmatch(clean)
    if not match:
        return None, "This is no date; write it as 1990-04-03."
    first, mark, second, third = match[1], match[2], match[3], match[4]
    if len(first) == 4:
        return _day(int(first), int(second), int(third))
    if len(third) != 4:
        return None, "The year needs four digits; write it as 1990-04-03."
    return _day_of(int(first), int(second), int(third), True if mark == "." else day_first)


def _day_of(first: int, second: int, year: int, day_first: bool | None) -> Parsed:
    if first > 12 or first == second:
        day_first = True
    elif second > 12:
        day_first = False
    if day_first is None:
        return None, "Day and month can be read both ways; write it as 1990-04-03."
    return _day(year, second, first) if day_first else _day(year, first, second)


def _day(year: int, month: int, day: int) -> Parsed:
    try:
        found = date(year, month, day)
    except ValueError:
        return None, "There is no such day."
    if year < 1900 or (year > 2020 and found > clock.now().date()):
        return None, "This cannot be a day of birth."
    return found, None


def _chosen(value: str, choices: dict[str, str], problem: str) -> Parsed:
    folded = fold(value)
    if not folded:
        return None, None
    found = choices.get(folded)
    return (found, None) if found else (None, problem)


@lru_cache(maxsize=1)
def countries_by_name() -> dict[str, str]:
    """Folded code or name of a country → its ISO code."""
    codes = [code for code in Locale("en").territories if re.fullmatch("[A-Z]{2}", code)]
    known = [code for code in codes if code not in {"EU", "EZ", "UN", "QO", "ZZ", "XA", "XB"}]
    found = {fold(str(Locale(spoken).territories.get(code, code))): code for spoken in SPOKEN for code in known}
    more = {"usa": "US", "uk": "GB", "england": "GB", "scotland": "GB", "holland": "NL", "czech republic": "CZ"}
    return {**found, **{code.lower(): code for code in known}, **more}


@lru_cache(maxsize=1)
def languages_by_name() -> dict[str, str]:
    """Folded tag or name of a language → its two-letter tag; names in other languages and its own."""
    codes = [code for code in Locale("en").languages if re.fullmatch("[a-z]{2}", code)]
    found = {fold(str(Locale(spoken).languages.get(code, code))): code for spoken in SPOKEN for code in codes}
    own = {fold(name): code for code, name in OWN_NAMES.items()}
    return {**found, **own, **{code: code for code in codes}}


@lru_cache(maxsize=1)
def _zones_by_name() -> dict[str, str]:
    return {fold(zone): zone for zone in clock.zones()}


@lru_cache(maxsize=1)
def _stages_by_name() -> dict[str, str]:
    return {fold(label): key for key, label in LIFECYCLE_STAGES.items()} | {key: key for key in LIFECYCLE_STAGES}


PARSERS: dict[str, Parser] = {
    "first_name": name,
    "last_name": name,
    "email": email,
    "phone": phone,
    "country": country,
    "city": line,
    "language": language,
    "timezone": timezone,
    "source": line,
    "utm_source": line,
    "utm_medium": line,
    "utm_campaign": line,
    "utm_term": line,
    "utm_content": line,
    "external_id": line,
    "birthday": birthday,
    "lifecycle_stage": lifecycle_stage,
}
"""Field of a contact → its rule. `phone` and `birthday` take one more argument where the context is known."""
