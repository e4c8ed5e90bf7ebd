"""Setting facts about the school."""

from __future__ import annotations

from flask import g

from crm.database import db, insert_new, table_of
from crm.settings.models import Setting


def save(**facts: str) -> None:
    """Set these facts; the rest stay as they are."""
    for key, value in facts.items():
        db.session.merge(Setting(key=key, value=value.strip()))
    db.session.flush()
    g.pop("settings", None)


def check_school_name(name: str) -> None:
    """Raise ValueError, in words, for an empty or overlong name."""
    if not name.strip():
        raise ValueError("The school needs a name.")
    if len(name.strip()) > 120:
        raise ValueError("The name may have up to 120 characters.")


def save_once(key: str, value: str) -> bool:
    """Set a fact that nobody has set yet. Of several who try at once, one gets True."""
    table = table_of(Setting)
    return bool(insert_new(table, [{"key": key, "value": value}], returning=table.c.key))
