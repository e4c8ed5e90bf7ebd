"""Imports that nobody is at work on, for the health page."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from crm.health.waiting import Waiting
from crm.imports.models import WORKING, ContactImport


def _due(now: datetime) -> sa.Select[tuple[datetime]]:
    idle = sa.or_(ContactImport.lease_until.is_(None), ContactImport.lease_until < now)
    found = sa.select(ContactImport.created_at).where(
        ContactImport.status.in_(WORKING), idle, ContactImport.created_at <= now
    )
    return found.order_by(ContactImport.created_at)


WAITING = Waiting("imports", "import", "imports", _due, endpoint="imports.index")
