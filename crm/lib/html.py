"""Template filters: moments, days and numbers as people read them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from babel.dates import format_timedelta
from flask import Flask
from flask_login import current_user
from markupsafe import Markup

from crm.lib import clock


def when(moment: datetime | None) -> Markup | str:
    """How long ago or until, with the exact moment and its zone on hover."""
    if moment is None:
        return ""
    distance = moment - clock.now()
    text = (
        "just now"
        if abs(distance.total_seconds()) < 45
        else format_timedelta(distance, add_direction=True, locale="en")
    )
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        moment.astimezone(UTC).isoformat(), exact(moment), text
    )


def exact(moment: datetime | None) -> str:
    """A moment on the reader's clock, with the zone."""
    if moment is None:
        return ""
    there = clock.local(moment, _zone())
    return f"{there:%-d %b %Y, %H:%M} {there.tzname()}"


def day(value: date | None) -> str:
    """A day, or the day of a moment on the reader's clock."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = clock.local(value, _zone()).date()
    return f"{value:%-d %b %Y}"


def num(value: int | float | None) -> str:
    """A number with thousands separated."""
    return "" if value is None else f"{value:,}"


def _zone() -> str:
    return getattr(current_user, "timezone", None) or "UTC"


def init_app(app: Flask) -> None:
    """Offer the filters to every template."""
    filters: dict[str, Any] = {"when": when, "exact": exact, "day": day, "num": num}
    app.jinja_env.filters.update(filters)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
