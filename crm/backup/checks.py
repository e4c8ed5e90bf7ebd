"""The last backup, for the health page."""

from __future__ import annotations

from datetime import timedelta

from babel.dates import format_timedelta
from flask import current_app

from crm.backup import nightly
from crm.health.checks import Finding
from crm.lib import clock
from crm.settings.queries import fact

OLD = timedelta(hours=50)


def last_backup() -> Finding:
    """Whether there is one of the last two nights, and why not."""
    made, problem = nightly.last(), fact(nightly.FAILED)
    if not current_app.config["BACKUP_KEEP"]:
        return Finding("backup", True, "none is made at night, as set", endpoint="backups.index")
    if problem:
        return Finding(
            "backup", False, f"the last one failed: {problem}", "Mend that, then back up now.", "backups.index"
        )
    age = clock.now() - made.made_at if made else None
    if age is None:
        return Finding("backup", False, "there is none yet", "Back up now, or wait for the night.", "backups.index")
    is_well = age < OLD
    advice = "" if is_well else "The worker makes one each night; see that it runs."
    return Finding("backup", is_well, f"made {format_timedelta(age, locale='en')} ago", advice, "backups.index")
