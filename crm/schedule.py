"""The clock: every periodic job. Each also runs once when a worker starts, to catch up."""

from __future__ import annotations

from crm.activity.jobs import dispatch
from crm.health.jobs import heartbeat
from crm.queue import Every

CLOCK = (
    Every(1, heartbeat),
    Every(1, dispatch),
)
