"""How the text of a setting is read: each returns the value, or raises ValueError in words for the person who wrote it."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from babel.numbers import list_currencies

DATE_STYLES = {"day": "7 Mar 2027", "month": "Mar 7, 2027", "iso": "2027-03-07"}
LONGEST = 36_500


def number(least: int, most: int) -> Callable[[str], int]:
    """A whole number between these."""

    def read(text: str) -> int:
        text = text.strip()
        if not text.isascii() or not text.isdigit() or len(text) > 9 or not least <= int(text) <= most:
            raise ValueError(f"write a whole number from {least} to {most:,}")
        return int(text)

    return read


days = number(0, LONGEST)


def clock_time(text: str) -> str:
    """A time of day as HH:MM, or nothing."""
    text = text.strip()
    if text and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        raise ValueError(f"“{text}” is no time of day; write one such as 21:00")
    return text


def currency(text: str) -> str:
    """A currency by its three letters (ISO 4217)."""
    code = text.strip().upper()
    if code not in list_currencies():
        raise ValueError(f"“{text.strip()}” is no currency; write three letters such as EUR")
    return code


def colour(text: str) -> str:
    """A colour as #rrggbb on which white text can be read (4.5:1, WCAG 2.2), or nothing."""
    text = text.strip().lower()
    if text and not re.fullmatch(r"#[0-9a-f]{6}", text):
        raise ValueError(f"“{text}” is no colour; write one such as #2257c5")
    if text and (ratio := contrast(text, "#ffffff")) < 4.5:
        raise ValueError(
            f"white text on {text} is hard to read (contrast {ratio:.1f}, it takes 4.5); choose a darker one"
        )
    return text


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, from 1 to 21 (WCAG 2.2, relative luminance)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(text: str) -> float:
    parts = [int(text[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts]
    return sum(weight * each for weight, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def date_style(text: str) -> str:
    """How days are written."""
    return _one_of(text, DATE_STYLES)


def _one_of(text: str, known: dict[str, str]) -> str:
    text = text.strip().lower()
    if text not in known:
        raise ValueError(f"“{text}” is none of {', '.join(known)}")
    return text


def web_address(text: str) -> str:
    """A web address, or nothing."""
    text = text.strip()
    try:
        parts = urlsplit(text)
        is_address = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        is_address = False
    if text and (not is_address or len(text) > 300):
        raise ValueError(f"“{text[:80]}” is no web address; write one such as https://school.example")
    return text


def file_name(text: str) -> str:
    """The plain name of a file, or nothing."""
    text = text.strip()
    if text and not re.fullmatch(r"[\w-]+\.(png|jpg|webp)", text, re.ASCII):
        raise ValueError(f"“{text[:80]}” is no name of a picture")
    return text
