"""What `cohort doctor` and the health page look at. Each check says what it saw, and what to do about it when that is wrong.

These are the checks that belong to no feature; `wiring.HEALTH_CHECKS` lists them with those of features.
"""

from __future__ import annotations

import logging
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

import sqlalchemy as sa
from babel.dates import format_timedelta
from flask import current_app

from crm import schema
from crm.activity.dispatcher import parked
from crm.database import db, is_postgresql, rollback
from crm.health import hold, waiting
from crm.health.queries import is_alive, last_seen
from crm.lib import clock

log = logging.getLogger(__name__)
FREE_BYTES = 500_000_000
WAL_BYTES = 500_000_000


@dataclass(frozen=True)
class Finding:
    """What one check saw; `advice` says what to do when it is not well, `endpoint` where to look."""

    subject: str
    is_well: bool
    text: str
    advice: str = ""
    endpoint: str | None = None


Check = Callable[[], Finding | Iterator[Finding]]


def run() -> list[Finding]:
    """Every check, in order; one that fails to run is a finding too."""
    found: list[Finding] = []
    for check in current_app.extensions.get("health_checks", CHECKS):
        found += _safely(check)
    return found


def _safely(check: Check) -> list[Finding]:
    try:
        made = check()
        return [made] if isinstance(made, Finding) else list(made)
    except (sa.exc.SQLAlchemyError, OSError) as error:
        rollback()
        return [Finding(check.__name__.strip("_"), False, f"{type(error).__name__}: {error}".splitlines()[0][:300])]


def _configuration() -> Finding:
    where = f"served at {current_app.config['PUBLIC_URL']}, clock {current_app.config['TIMEZONE']}"
    return Finding("configuration", True, where)


def _version() -> Finding:
    is_current = schema.is_current(current_app._get_current_object())  # type: ignore[attr-defined]
    text = f"Cohort {version('cohort')}" + ("" if is_current else ", and the data have another schema")
    return Finding("version", is_current, text, "" if is_current else "Restart Cohort, or run “cohort migrate”.")


def _database() -> Finding:
    if is_postgresql():
        size = db.session.scalar(sa.text("SELECT pg_database_size(current_database())")) or 0
        return Finding("database", True, f"PostgreSQL answers, {_mega(size)}")
    path = Path(str(db.engine.url.database))
    wal = path.with_name(path.name + "-wal")
    size, waiting_bytes = path.stat().st_size, wal.stat().st_size if wal.exists() else 0
    is_well = waiting_bytes < WAL_BYTES
    advice = "" if is_well else "Something reads for very long. Restart the web server and the worker."
    return Finding(
        "database", is_well, f"{_mega(size)}, and {_mega(waiting_bytes)} of recent changes beside it", advice
    )


def soundness() -> Finding:
    """Whether every page and reference of the database is sound; it reads everything, so the page leaves it to `doctor`."""
    if is_postgresql():
        return Finding("soundness", True, "left to PostgreSQL")
    verdict = db.session.scalar(sa.text("PRAGMA quick_check"))
    orphan = db.session.execute(sa.text("PRAGMA foreign_key_check")).first()
    text = (
        f"a row of {orphan[0]} belongs to nothing" if orphan else "sound" if verdict == "ok" else f"damaged: {verdict}"
    )
    return Finding("soundness", text == "sound", text, "" if text == "sound" else "Restore the newest backup.")


def _disk() -> Finding:
    free = min(shutil.disk_usage(current_app.config["INSTANCE_PATH"]).free, _room_to_grow())
    is_well = free > FREE_BYTES
    return Finding(
        "disk", is_well, f"{free / 1e9:.1f} GB free", "" if is_well else "Make room: a full disk saves nothing."
    )


def _room_to_grow() -> float:
    """How many bytes more the database may hold: SQLite has a limit of its own, terabytes unless somebody lowered it."""
    if is_postgresql():
        return float("inf")
    most, there, size = (
        db.session.scalar(sa.text(f"PRAGMA {each}")) or 0 for each in ("max_page_count", "page_count", "page_size")
    )
    return (most - there) * size


def mail_server() -> Finding:
    """Whether the mail server takes a connection; it may take seconds, so the page leaves it to `doctor`."""
    url = current_app.config["SMTP_URL"]
    if not url:
        return Finding("mail", True, "no SMTP_URL: messages land in the built-in outbox")
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname or "", parts.port or 587), timeout=5):
        return Finding("mail", True, f"{parts.hostname} answers")


def _worker() -> Finding:
    now, seen = clock.now(), last_seen()
    is_well = is_alive(now)
    text = (
        f"last seen {format_timedelta(now - seen, locale='en')} ago, at {seen:%H:%M:%S} UTC" if seen else "never seen"
    )
    advice = (
        "" if is_well else "Nothing is sent and no workflow moves. Start it with “cohort worker” or “cohort serve”."
    )
    return Finding("worker", is_well, text, advice)


def _hold() -> Finding:
    found = hold.current()
    if found is None:
        return Finding("hold", True, "nothing is held back")
    advice = "Decide what happens to what is late."
    return Finding("hold", False, f"{found.cause_label}: nothing is sent", advice, "hold.index")


def _activities() -> Finding:
    stuck = db.session.scalar(sa.select(sa.func.count()).select_from(parked().limit(waiting.COUNTED).subquery())) or 0
    text = f"{stuck:,} could not be handed out" if stuck else "all handed out"
    return Finding(
        "activities", not stuck, text, "Look at each: try it again, or let it go." if stuck else "", "health_page.index"
    )


def _waiting() -> Iterator[Finding]:
    now = clock.now()
    held = hold.current() is not None
    for queue in waiting.queues(now):
        kind, late = queue.kind, now - queue.oldest if queue.oldest else None
        is_well = late is None or late < kind.is_late_after or (held and kind.skip is not None)
        age = f", the oldest for {format_timedelta(late, locale='en')}" if late else ""
        text = f"{queue.words} due{age}" if queue.count else "nothing waits"
        advice = "" if is_well else "The worker is behind, or stopped. If it runs, the log says what keeps it."
        yield Finding(kind.many, is_well, text, advice, kind.endpoint)


def _mega(size: int) -> str:
    return f"{size / 1e9:,.1f} GB" if size > 1e9 else f"{size / 1e6:,.1f} MB"


CHECKS: tuple[Check, ...] = (_worker, _hold, _waiting, _activities, _database, _disk, _version, _configuration)
ONLY_DOCTOR: tuple[Check, ...] = (soundness, mail_server)


def run_all() -> list[Finding]:
    """Those of the page, and those that take their time."""
    return [*run(), *(finding for check in ONLY_DOCTOR for finding in _safely(check))]
