"""What holds at this school: what was set on the page, else what the configuration says."""

from __future__ import annotations

import sqlalchemy as sa
from flask import current_app, g

from crm.database import db
from crm.settings.models import Setting


def school_name() -> str:
    """The name on pages and in email."""
    return _set().get("SCHOOL_NAME") or current_app.config["SCHOOL_NAME"]


def school_timezone() -> str:
    """The school's own clock."""
    return _set().get("TIMEZONE") or current_app.config["TIMEZONE"]


def _set() -> dict[str, str]:
    """Every row, asked for once per request or job."""
    if "settings" not in g:
        g.settings = dict(db.session.execute(sa.select(Setting.key, Setting.value)).all())
    return g.settings
