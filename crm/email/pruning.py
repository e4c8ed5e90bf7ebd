"""Addresses and devices of opens and clicks go when they are old; that it was opened or clicked stays."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from crm.database import db, table_of
from crm.email.models import EmailLinkClick, EmailOpen
from crm.settings.pruning import Prune


def _forget(before: datetime, limit: int) -> int:
    return _in(table_of(EmailOpen), "opened_at", before, limit) + _in(
        table_of(EmailLinkClick), "clicked_at", before, limit
    )


def _in(table: sa.Table, moment: str, before: datetime, limit: int) -> int:
    has_trace = sa.or_(table.c.ip_address.is_not(None), table.c.user_agent.is_not(None))
    old = sa.select(table.c.id).where(table.c[moment] < before, has_trace).limit(limit)
    cleared = sa.update(table).where(table.c.id.in_(old)).values(ip_address=None, user_agent=None)
    return db.session.execute(cleared, execution_options={"synchronize_session": False}).rowcount


PRUNE = Prune("traces", "Addresses and devices of opens and clicks", "TRACES_KEPT_DAYS", _forget)
