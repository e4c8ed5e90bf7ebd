"""Template filters: moments, days and numbers as people read them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from flask import Flask, current_app
from flask_login import current_user
from markupsafe import Markup

from crm.lib import clock
from crm.lib.dates import OF_SCHOOL, day_in, distance_in, moment_in
from crm.lib.merge_words import tags_in_words


def when(moment: datetime | None) -> Markup | str:
    """How long ago or until, with the exact moment and its zone on hover."""
    if moment is None:
        return ""
    distance = moment - clock.now()
    text = "just now" if abs(distance.total_seconds()) < 45 else distance_in(distance, _style())
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        moment.astimezone(UTC).isoformat(), exact(moment), text
    )


def exact(moment: datetime | None) -> str:
    """A moment on the reader's clock, with the zone."""
    if moment is None:
        return ""
    there = clock.local(moment, _zone())
    return f"{on_the_clock(there)} {there.tzname()}"


def day(value: date | None) -> str:
    """A day, or the day of a moment on the reader's clock."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = clock.local(value, _zone()).date()
    return day_in(value, _style())


def on_the_clock(there: datetime) -> str:
    """A moment on the clock it is told by, without its zone."""
    return moment_in(there, _style())


def num(value: int | float | None) -> str:
    """A number with thousands separated."""
    return "" if value is None else f"{value:,}"


def _zone() -> str:
    return getattr(current_user, "timezone", None) or current_app.config["TIMEZONE"]


def _style() -> str:
    return getattr(current_user, "date_style", None) or OF_SCHOOL[current_app.config["DATE_STYLE"]]


def init_app(app: Flask) -> None:
    """Offer the filters to every template."""
    filters: dict[str, Any] = {"when": when, "exact": exact, "day": day, "num": num, "tags_in_words": tags_in_words}
    app.jinja_env.filters.update(filters)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
