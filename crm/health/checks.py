"""What `cohort doctor` looks at, one check each."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import current_app

from crm.activity.dispatcher import parked
from crm.database import db, is_postgresql
from crm.health.queries import is_alive, last_seen
from crm.lib import clock


@dataclass(frozen=True)
class Finding:
    """What one check saw."""

    subject: str
    is_well: bool
    text: str


def run() -> list[Finding]:
    """Every check, in order; one that fails to run is a finding too."""
    return [_safely(check) for check in CHECKS]


def _safely(check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except (sa.exc.SQLAlchemyError, OSError) as error:
        return Finding(check.__name__.strip("_"), False, f"{type(error).__name__}: {error}".splitlines()[0])


def _configuration() -> Finding:
    return Finding(
        "configuration", True, f"served at {current_app.config['PUBLIC_URL']}, clock {current_app.config['TIMEZONE']}"
    )


def _database() -> Finding:
    if is_postgresql():
        db.session.execute(sa.text("SELECT 1"))
        return Finding("database", True, "PostgreSQL answers")
    verdict = db.session.scalar(sa.text("PRAGMA quick_check"))
    orphan = db.session.execute(sa.text("PRAGMA foreign_key_check")).first()
    if orphan:
        return Finding("database", False, f"a row of {orphan[0]} belongs to nothing")
    return Finding("database", verdict == "ok", "sound" if verdict == "ok" else f"damaged: {verdict}")


def _disk() -> Finding:
    free = shutil.disk_usage(current_app.config["INSTANCE_PATH"]).free
    return Finding("disk", free > 500_000_000, f"{free / 1e9:.1f} GB free")


def _mail() -> Finding:
    url = current_app.config["SMTP_URL"]
    if not url:
        return Finding("mail", True, "no SMTP_URL: messages land in the built-in outbox")
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname or "", parts.port or 587), timeout=5):
        return Finding("mail", True, f"{parts.hostname} answers")


def _worker() -> Finding:
    seen = last_seen()
    text = (
        f"last seen {seen:%Y-%m-%d %H:%M:%S} UTC"
        if seen
        else "never seen; start it with `cohort worker` or `cohort serve`"
    )
    return Finding("worker", is_alive(clock.now()), text)


def _activities() -> Finding:
    stuck = len(db.session.scalars(parked()).all())
    return Finding("activities", not stuck, f"{stuck} could not be handed out" if stuck else "all handed out")


CHECKS = (_configuration, _database, _disk, _mail, _worker, _activities)
