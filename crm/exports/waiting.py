"""Exports that nobody is at work on, for the health page."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from crm.exports.models import UNDER_WAY, ContactExport
from crm.health.waiting import Waiting


def _due(now: datetime) -> sa.Select[tuple[datetime]]:
    idle = sa.or_(ContactExport.lease_until.is_(None), ContactExport.lease_until < now)
    found = sa.select(ContactExport.created_at).where(
        ContactExport.status.in_(UNDER_WAY), idle, ContactExport.created_at <= now
    )
    return found.order_by(ContactExport.created_at)


WAITING = Waiting("exports", "export", "exports", _due)
