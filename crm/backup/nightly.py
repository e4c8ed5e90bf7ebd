"""The backup of every night: when it is due, and what is noted when it cannot be made."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import current_app

from crm.backup import operations, shelf
from crm.backup.archive import BackupError
from crm.database import commit
from crm.lib import clock
from crm.settings import operations as settings
from crm.settings import queries as settings_queries

FROM_HOUR = 2
"""On the school's clock. A worker that slept through the night makes it when it wakes."""
FAILED = "BACKUP_FAILED"
"""The setting that says why the last one failed; empty when it did not."""


def run(now: datetime | None = None) -> bool:
    """Make it if it is due; whether it was made. Raises BackupError, which is noted for the health page."""
    now = now or clock.now()
    keep = current_app.config["BACKUP_KEEP"]
    if not keep or not _is_due(now):
        return False
    try:
        operations.back_up(shelf.new_path("nightly", now), "nightly", now)
    except BackupError as error:
        _note(str(error))
        raise
    shelf.thin_out("nightly", keep)
    _note("")
    return True


def last() -> shelf.Kept | None:
    """The newest backup that can be read, but for what restores replaced."""
    return next((each for each in shelf.kept() if each.manifest and each.reason in {"nightly", "asked"}), None)


def _is_due(now: datetime) -> bool:
    zone = current_app.config["TIMEZONE"]
    made = next((each.made_at for each in shelf.kept() if each.reason == "nightly"), None)
    night = (clock.local(now, zone) - timedelta(hours=FROM_HOUR)).date()
    return made is None or (clock.local(made, zone) - timedelta(hours=FROM_HOUR)).date() < night


def _note(problem: str) -> None:
    if settings_queries.fact(FAILED) != problem:
        settings.save(**{FAILED: problem})
    commit()
