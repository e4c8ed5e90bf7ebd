"""Confirming that a topic of SNS may send to us, as SNS asks once: after its signature was checked, from a job, at its own host."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import current_app

from crm.bounces.models import MailReport
from crm.database import commit, db, rollback
from crm.lib.net import Unreachable, fetch, is_public
from crm.providers.mail_reports import CONFIRM

log = logging.getLogger(__name__)
FOR = timedelta(hours=2)
"""How long it is tried; SNS can be asked to ask again."""


def confirm_all(now: datetime) -> None:
    """Ask each address that waits to be asked."""
    for number, url, came in _waiting():
        is_done = _confirmed(url)
        if is_done or now - came > FOR:
            db.session.execute(sa.update(MailReport).where(MailReport.id == number).values(applied_at=now))
            commit()
        log.info("a subscription was %s", "confirmed" if is_done else "not confirmed")


def _waiting() -> list[tuple[int, str, datetime]]:
    found = sa.select(MailReport.id, MailReport.reason, MailReport.received_at)
    rows = db.session.execute(found.where(MailReport.applied_at.is_(None), MailReport.kind == CONFIRM).limit(10))
    waiting = list(rows.all())
    rollback()
    return waiting


def _confirmed(url: str) -> bool:
    parts, base = urlsplit(url), current_app.config["EMAIL_WEBHOOK_SES_CERTIFICATES"]
    where = f"{base}/?{parts.query}" if base else url
    try:
        return fetch(where, is_allowed=(lambda _: True) if base else is_public).status == 200
    except Unreachable:
        return False
