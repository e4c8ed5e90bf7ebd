"""What holds at this school: what was set on the page, else what the configuration said at the start."""

from __future__ import annotations

from flask import current_app


def school_name() -> str:
    """The name on pages and in email."""
    return current_app.config["SCHOOL_NAME"]


def school_timezone() -> str:
    """The school's own clock."""
    return current_app.config["TIMEZONE"]
