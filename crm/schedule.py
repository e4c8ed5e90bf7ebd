"""The clock: every periodic job. Each also runs once when a worker starts, to catch up."""

from __future__ import annotations

from crm.activity.jobs import dispatch
from crm.automation.jobs import enroll_matching, process_enrollments
from crm.duplicates.jobs import find_duplicates, forget_merges
from crm.email.jobs import deliver
from crm.exports.jobs import run_exports, sweep_exports
from crm.health.jobs import heartbeat
from crm.imports.jobs import run_imports, sweep_imports
from crm.queue import Every
from crm.recovery.jobs import forget_deleted

CLOCK = (
    Every(1, heartbeat),
    Every(1, dispatch),
    Every(1, deliver),
    Every(1, run_imports),
    Every(60 * 24, sweep_imports),
    Every(1, run_exports),
    Every(60 * 24, sweep_exports),
    Every(60 * 24, forget_deleted),
    Every(60 * 24, find_duplicates),
    Every(60 * 24, forget_merges),
    Every(1, process_enrollments),
    Every(1, enroll_matching),
)
