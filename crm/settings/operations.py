"""Setting facts about the school."""

from __future__ import annotations

from crm.database import after_commit, db, insert_new, table_of
from crm.settings import overlay
from crm.settings.models import Setting


def save(**facts: str) -> None:
    """Set these facts; the rest stay as they are."""
    facts = {key: value.strip() for key, value in facts.items()}
    for key, value in facts.items():
        db.session.merge(Setting(key=key, value=value))
    after_commit(_hold, *facts.items())


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


def _hold(*facts: tuple[str, str]) -> None:
    """Let what was just set hold in this process at once; the others follow within seconds."""
    overlay.apply(dict(facts))
