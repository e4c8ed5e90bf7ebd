"""How a person reads days and moments: the house's own way, by numbers, or as their language writes them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache

from babel import Locale
from babel.dates import format_date, format_datetime, format_timedelta

LANGUAGES = ("en_US", "de", "fr", "es", "it", "nl", "pt", "pl", "tr", "uk")
HOUSE, NUMBERS = "day", "iso"
OF_SCHOOL = {"day": HOUSE, "month": "en_US", "iso": NUMBERS}
"""The style of those who chose none, by the school's DATE_STYLE."""
_EXAMPLE = datetime(2026, 3, 5, 14, 30)  # noqa: DTZ001  an example to show, of no place


@lru_cache(maxsize=3)
def date_styles(of_school: str) -> dict[str, str]:
    """Every style's key and how it looks; without a key the school's own, of this DATE_STYLE."""
    named = {
        each: f"{str(Locale.parse(each).display_name).capitalize()}: {moment_in(_EXAMPLE, each)}" for each in LANGUAGES
    }
    return {
        "": f"As the school: {moment_in(_EXAMPLE, OF_SCHOOL[of_school])}",
        HOUSE: f"Day first: {moment_in(_EXAMPLE, HOUSE)}",
        NUMBERS: f"By numbers: {moment_in(_EXAMPLE, NUMBERS)}",
        **named,
    }


def day_in(value: date, style: str) -> str:
    """A day."""
    if style == NUMBERS:
        return value.isoformat()
    return format_date(value, "medium", locale=style) if style in LANGUAGES else f"{value:%-d %b %Y}"


def moment_in(there: datetime, style: str) -> str:
    """A moment on the clock of whoever reads, without its zone."""
    if style == NUMBERS:
        return f"{there:%Y-%m-%d %H:%M}"
    if style in LANGUAGES:
        bare = there.replace(tzinfo=None)
        return f"{format_date(bare, 'medium', locale=style)}, {format_datetime(bare, _clock(style), locale=style)}"
    return f"{there:%-d %b %Y, %H:%M}"


def distance_in(distance: timedelta, style: str) -> str:
    """How long ago or until."""
    return format_timedelta(distance, add_direction=True, locale=style if style in LANGUAGES else "en")


def _clock(style: str) -> str:
    return "h:mm a" if style == "en_US" else "HH:mm"
