"""The clock: every periodic job. Each also runs once when a worker starts, to catch up."""

from __future__ import annotations

from crm.activity.jobs import dispatch
from crm.api.jobs import forget_keys
from crm.audiences.jobs import refresh_audiences, settle_audiences
from crm.automation.jobs import enroll_matching, process_enrollments
from crm.bulk.jobs import run_bulk_actions
from crm.email.jobs import deliver
from crm.health.jobs import heartbeat
from crm.imports.jobs import run_imports, sweep_imports
from crm.queue import Every

CLOCK = (
    Every(1, heartbeat),
    Every(1, dispatch),
    Every(1, deliver),
    Every(1, run_imports),
    Every(1, run_bulk_actions),
    Every(60 * 24, sweep_imports),
    Every(60 * 24, forget_keys),
    Every(1, process_enrollments),
    Every(1, enroll_matching),
    Every(1, settle_audiences),
    Every(1, refresh_audiences),
)
