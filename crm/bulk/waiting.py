"""Bulk actions that nobody is at work on, for the health page."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from crm.bulk.models import WORKING, BulkAction
from crm.health.waiting import Waiting


def _due(now: datetime) -> sa.Select[tuple[datetime]]:
    idle = sa.or_(BulkAction.lease_until.is_(None), BulkAction.lease_until < now)
    found = sa.select(BulkAction.created_at).where(BulkAction.status.in_(WORKING), idle, BulkAction.created_at <= now)
    return found.order_by(BulkAction.created_at)


WAITING = Waiting("bulk", "bulk action", "bulk actions", _due)
