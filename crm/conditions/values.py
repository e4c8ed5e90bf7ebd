"""Reading the plain values of a condition: whatever JSON holds becomes something safe to bind, or a BadValue."""

import unicodedata
from typing import Any

from sqlalchemy import BigInteger, BindParameter, Double, literal

from crm.conditions.operators import BadValue

LONGEST_TEXT = 500
LARGEST_NUMBER = 10**15
LARGEST_ID = 2**63 - 1


def read_text(raw: Any) -> str:
    """A text of at most 500 characters that every database can store."""
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        raw = str(read_number(raw))
    if not isinstance(raw, str):
        raise BadValue("Give a text.")
    if not raw.strip():
        raise BadValue("Fill in a value, or use “is not set”.")
    if len(raw) > LONGEST_TEXT:
        raise BadValue(f"The text is too long: at most {LONGEST_TEXT} characters.")
    if not is_storable(raw):
        raise BadValue("The text contains characters that cannot be stored.")
    return unicodedata.normalize("NFC", raw)


def is_storable(text: str) -> bool:
    """Neither NUL nor half a surrogate pair: no database takes the first, no encoding the second."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def fold(text: str) -> str:
    """Lower case, letter by letter, leaving alone those whose lower case is not one letter."""
    return "".join(letter.lower() if len(letter.lower()) == 1 else letter for letter in text)


def read_number(raw: Any) -> int | float:
    """A finite number up to 10 to the 15th, also spelled as a text ("12.5"); whole ones as int."""
    if isinstance(raw, str):
        raw = _spelled_number(raw)
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise BadValue("Give a number.")
    if not -LARGEST_NUMBER <= raw <= LARGEST_NUMBER:
        raise BadValue("The number is too large.")
    return int(raw) if raw == int(raw) else raw


def bound_number(value: float) -> BindParameter:
    """The number as wide as databases have it, whatever the width of the column it is compared with."""
    return literal(value, BigInteger() if isinstance(value, int) else Double())


def read_reference(raw: Any) -> int | str:
    """An id or a slug."""
    if isinstance(raw, str) and 0 < len(raw) <= LONGEST_TEXT and is_storable(raw):
        return raw
    if isinstance(raw, int) and not isinstance(raw, bool) and 0 < raw <= LARGEST_ID:
        return raw
    raise BadValue("Choose one from the list.")


def _spelled_number(text: str) -> Any:
    try:
        if len(text) > 30:
            return None
        return float(text) if any(mark in text.lower() for mark in ".en") else int(text)
    except ValueError:
        return None
