"""What every piece that shows a task is drawn with."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from babel.dates import format_timedelta
from flask_login import current_user

from crm.tasks import queries


def surroundings() -> dict[str, Any]:
    """The moment on the clock of whom a task is for, and what the viewer may know."""
    return {
        "here": queries.clocks(current_user),
        "shows_contact": lambda task: queries.shows_contact(current_user, task),
        "span": span,
    }


def span(took: timedelta | None) -> str:
    """A time that something took, in words."""
    if took is None:
        return ""
    return format_timedelta(max(took, timedelta(minutes=1)), granularity="minute", threshold=1.5, locale="en")
