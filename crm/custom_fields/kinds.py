"""The kinds of custom fields: how each is written, kept, read and asked for. A kind is one class here and one line in KINDS."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from crm.conditions import choice_types, date_types, field_types
from crm.conditions.operators import BadValue
from crm.conditions.values import is_storable, read_number

Parsed = tuple[Any, str | None]
_DAY = re.compile(r"(\d{1,4})([-./])(\d{1,2})\2(\d{1,4})", re.ASCII)


class Kind:
    """A text of one line; what the other kinds begin with. `column` is where values are kept, `control` how they are written."""

    key = "text"
    label = "Text"
    icon = "letter-case"
    column = "text"
    control = "text"
    has_choices = False
    has_several = False
    asked: Any = field_types.Text()
    """The type of condition field."""

    def parse(self, given: Any, choices: Sequence[str]) -> Parsed:  # noqa: ARG002
        """What a person, a file or a program wrote → the value (None: nothing), or what is wrong with it in words."""
        text = " ".join(str("" if given is None else given).split())
        if len(text) > 500:
            return None, "It is longer than 500 characters."
        return (text or None, None) if is_storable(text) else (None, "It contains characters that cannot be read.")

    def text(self, value: Any) -> str:
        """The value as it is written in forms and files."""
        return "" if value is None else str(value)

    def words(self, value: Any) -> str:
        """The value as people read it."""
        return self.text(value)

    def cells(self, value: Any) -> list[Any]:
        """What is kept of a value, a row each."""
        return [] if value is None else [value]

    def value(self, cells: Sequence[Any]) -> Any:
        """The value that is kept in these rows."""
        return cells[0] if cells else None


class Number(Kind):
    """A whole or decimal number."""

    key = "number"
    label = "Number"
    icon = "hash"
    column = "number"
    control = "number"
    asked = field_types.Number()

    def parse(self, given: Any, choices: Sequence[str]) -> Parsed:  # noqa: ARG002
        if given is None or given == "":
            return None, None
        try:
            return read_number(given.strip() if isinstance(given, str) else given), None
        except BadValue as wrong:
            return None, str(wrong)

    def value(self, cells: Sequence[Any]) -> Any:
        found = super().value(cells)
        return int(found) if found is not None and found == int(found) else found

    def words(self, value: Any) -> str:
        return "" if value is None else f"{value:,}"


class Date(Kind):
    """A day."""

    key = "date"
    label = "Date"
    icon = "calendar"
    column = "day"
    control = "date"
    asked = date_types.Date()

    def parse(self, given: Any, choices: Sequence[str]) -> Parsed:  # noqa: ARG002
        if isinstance(given, date) or not str(given or "").strip():
            return given or None, None
        found = _DAY.fullmatch(str(given).strip())
        if not found:
            return None, "This is no date; write it as 2026-04-03."
        first, mark, month, last = int(found[1]), found[2], int(found[3]), int(found[4])
        if len(found[1]) != 4 and (mark != "." or len(found[4]) != 4):
            return None, "Day and month can be read both ways; write it as 2026-04-03."
        try:
            return (date(first, month, last) if len(found[1]) == 4 else date(last, month, first)), None
        except ValueError:
            return None, "There is no such day."

    def words(self, value: Any) -> str:
        return "" if value is None else f"{value:%-d %B %Y}"


class Choice(Kind):
    """One of the field's choices."""

    key = "choice"
    label = "Choice"
    icon = "list-check"
    control = "choice"
    has_choices = True
    asked = choice_types.Choice()

    def parse(self, given: Any, choices: Sequence[str]) -> Parsed:
        text, problem = super().parse(given, choices)
        if problem or text is None:
            return text, problem
        found = next((each for each in choices if each.casefold() == text.casefold()), None)
        return (found, None) if found else (None, f"Choose one of {', '.join(choices)}.")


class Choices(Choice):
    """Any of the field's choices."""

    key = "choices"
    label = "Multiple choice"
    icon = "checks"
    control = "choices"
    has_several = True
    asked = choice_types.Several()

    def parse(self, given: Any, choices: Sequence[str]) -> Parsed:
        listed = given if isinstance(given, list | tuple) else re.split(r"[;|,]", str(given or ""))
        found: list[str] = []
        for each in listed:
            one, problem = super().parse(each, choices)
            if problem:
                return None, problem
            if one and one not in found:
                found.append(one)
        return sorted(found, key=list(choices).index) or None, None

    def text(self, value: Any) -> str:
        return "; ".join(value or ())

    def words(self, value: Any) -> str:
        return ", ".join(value or ())

    def cells(self, value: Any) -> list[Any]:
        return list(value or ())

    def value(self, cells: Sequence[Any]) -> Any:
        return list(cells) or None


class YesNo(Kind):
    """Yes or no, or not known."""

    key = "yes_no"
    label = "Yes or no"
    icon = "toggle-left"
    column = "flag"
    control = "choice"
    asked = choice_types.YesNo()
    known = {"yes": True, "true": True, "1": True, "ja": True, "oui": True, "si": True, "x": True,
             "no": False, "false": False, "0": False, "nein": False, "non": False}  # fmt: skip

    def parse(self, given: Any, choices: Sequence[str]) -> Parsed:  # noqa: ARG002
        if given is None or isinstance(given, bool) or not str(given).strip():
            return given if isinstance(given, bool) else None, None
        found = self.known.get(str(given).strip().lower())
        return (found, None) if found is not None else (None, "Write yes or no.")

    def text(self, value: Any) -> str:
        return "" if value is None else "yes" if value else "no"

    def words(self, value: Any) -> str:
        return self.text(value).capitalize()


class Link(Kind):
    """The address of a page."""

    key = "link"
    label = "Link"
    icon = "link"
    control = "url"

    def parse(self, given: Any, choices: Sequence[str]) -> Parsed:
        text, problem = super().parse(given, choices)
        if problem or text is None:
            return text, problem
        try:
            parts = urlsplit(text if "://" in text else f"https://{text}")
            is_good = parts.scheme in {"http", "https"} and "." in (parts.hostname or "") and " " not in text
        except ValueError:
            is_good = False
        return (
            (parts.geturl(), None) if is_good else (None, "This is no address of a page, such as https://example.com.")
        )


KINDS: dict[str, Kind] = {
    each.key: each for each in (Kind(), Number(), Date(), Choice(), Choices(), YesNo(), Link())
}  # fmt: skip
"""In the order people choose from."""
