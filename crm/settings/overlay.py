"""Keeps the configuration of every process in step with what the school has set, so that everyone asks the configuration alone.

Looked at when a request or job begins, at most every five seconds, past the session: it takes part in no transaction. What is read is
checked like the configuration itself; what nobody has set, or what cannot be read, is as it was configured.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any

from flask import Flask, appcontext_pushed, current_app

from crm.config import SETTINGS
from crm.database import db

log = logging.getLogger(__name__)
SENDING_LIMITS = (
    "MAIL_PER_DAY",
    "MAIL_PER_DOMAIN",
    "MAIL_WARMUP_START",
    "MAIL_WARMUP_FIRST",
    "MAIL_WARMUP_GROWTH",
    "SMTP_CONNECTIONS",
)
"""How much goes out."""
SET_BY_PEOPLE = (
    "SCHOOL_NAME",
    "TIMEZONE",
    "MAIL_ADDRESS",
    "WEBSITE",
    "LOGO",
    "ACCENT_COLOUR",
    "CURRENCY",
    "DATE_STYLE",
    "QUIET_HOURS_START",
    "QUIET_HOURS_END",
    "MARKETING_CAP",
    "MARKETING_CAP_DAYS",
    "TRACES_KEPT_DAYS",
    "SIGN_INS_KEPT_DAYS",
    "AUDIT_KEPT_DAYS",
    "DELETED_KEPT_DAYS",
    "EXPORTS_KEPT_DAYS",
    "BACKUP_KEEP",
    *SENDING_LIMITS,
)
"""Settings a page may set, by their name in the configuration, which also says how their text is read."""
READ = {each.name: each.read for each in SETTINGS}
NEVER_EMPTY = {"SCHOOL_NAME", "TIMEZONE"}
EVERY = 5.0


def init_app(app: Flask) -> None:
    """Look whenever a context begins."""
    app.extensions["configured"] = {key: app.config[key] for key in SET_BY_PEOPLE}
    app.extensions["settings_looked_at"] = float("-inf")
    appcontext_pushed.connect(_look, app)


def apply(facts: Mapping[str, str]) -> None:
    """Let these facts hold in this process."""
    current_app.config.update({key: _read(key, facts[key]) for key in SET_BY_PEOPLE if key in facts})


def _read(key: str, text: str) -> Any:
    try:
        if text or key not in NEVER_EMPTY:
            return READ[key](text)
    except ValueError:
        log.warning("the setting %s cannot be read; what was configured holds", key)
    return current_app.extensions["configured"][key]


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
