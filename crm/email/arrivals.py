"""A message whose end was unknown did arrive, if somebody opened it: an open is proof."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.activity.operations import row_of
from crm.database import table_of
from crm.email.models import EmailMessage
from crm.email.operations import sent_activity
from crm.lib import clock
from crm.lib.bulk import execute_many

_messages = table_of(EmailMessage)


def settle_unknown(connection: sa.Connection, rows: Sequence[sa.Row[Any]]) -> None:
    """Those of these messages whose end was unknown are sent, as of when they were written out."""
    unknown = [row for row in rows if row.status == "unknown"]
    if not unknown:
        return
    now = clock.now()
    ids = [row.id for row in unknown]
    sent = sa.func.coalesce(_messages.c.sent_at, _messages.c.dot_at, now)
    mine = sa.update(_messages).where(_messages.c.id.in_(ids), _messages.c.status == "unknown")
    connection.execute(mine.values(status="sent", reason="It was opened.", sent_at=sent))
    facts = [row_of(sent_activity(row, row.subject or ""), now) for row in unknown if row.contact_id is not None]
    execute_many(connection, sa.insert(table_of(ContactActivity)), facts)
