"""The engine in the worker: contacts that are due move on, and those who match already come in."""

from __future__ import annotations

import time

from crm.automation import engine, intake
from crm.database import commit
from crm.queue import job, nudge

SECONDS = 4.0
REST = 0.1


@job
def process_enrollments() -> None:
    """Move on whoever is due, for at most four seconds, then ask to be run again. Between batches the pages have their turn."""
    end = time.monotonic() + SECONDS
    while (began := time.monotonic()) < end:
        if not engine.process_due():
            return
        time.sleep(min(REST, time.monotonic() - began))
    nudge("process_enrollments")


@job
def enroll_matching() -> None:
    """Take in those who matched a trigger before its workflow was activated, likewise."""
    end = time.monotonic() + SECONDS
    while (began := time.monotonic()) < end:
        if not intake.take_in():
            return
        commit()
        time.sleep(min(REST, time.monotonic() - began))
    nudge("enroll_matching")
