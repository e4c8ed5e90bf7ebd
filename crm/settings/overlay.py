"""Keeps the configuration of every process in step with what the school has set, so that everyone asks the configuration alone.

Looked at when a request or job begins, at most every five seconds, past the session: it takes part in no transaction.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping

from flask import Flask, appcontext_pushed, current_app

from crm.database import db

log = logging.getLogger(__name__)
MAY_BE_EMPTY = ("QUIET_HOURS_START", "QUIET_HOURS_END")
SET_BY_PEOPLE = ("SCHOOL_NAME", "TIMEZONE", "MARKETING_CAP", "MARKETING_CAP_DAYS", *MAY_BE_EMPTY)
EVERY = 5.0


def init_app(app: Flask) -> None:
    """Look whenever a context begins."""
    app.extensions["settings_looked_at"] = float("-inf")
    appcontext_pushed.connect(_look, app)


def apply(facts: Mapping[str, str]) -> None:
    """Let these facts hold in this process."""
    known = [key for key in SET_BY_PEOPLE if key in facts]
    current_app.config.update({key: facts[key] for key in known if facts[key] or key in MAY_BE_EMPTY})


def _look(app: Flask, **_: object) -> None:
    if time.monotonic() - app.extensions["settings_looked_at"] < EVERY:
        return
    app.extensions["settings_looked_at"] = time.monotonic()
    try:
        apply(_rows())
    except Exception as error:
        log.debug("settings could not be read: %s", type(error).__name__)


def _rows() -> dict[str, str]:
    """Read on the driver: the engine would begin a transaction, and outside a request that is a writing one."""
    connection = db.engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute("SELECT key, value FROM settings")
        return dict(cursor.fetchall())
    finally:
        connection.close()
