"""What holds at this school: what was set on the page, else what the configuration said at the start."""

from __future__ import annotations

import sqlalchemy as sa
from flask import current_app

from crm.database import db
from crm.settings.models import Pruning, Setting


def school_name() -> str:
    """The name on pages and in email."""
    return current_app.config["SCHOOL_NAME"]


def school_timezone() -> str:
    """The school's own clock."""
    return current_app.config["TIMEZONE"]


def fact(key: str) -> str:
    """What is noted under this key, or nothing."""
    found = db.session.get(Setting, key)
    return found.value if found else ""


def prunings() -> list[Pruning]:
    """What the nightly removals did last."""
    return list(db.session.scalars(sa.select(Pruning).order_by(Pruning.label)))
