"""The mechanics of every channel's ledger: claims with a fence and a lease, back-off, and what a crash left behind.

pending → claimed → sending → sent, failed or unknown. What is claimed may be given back; what is sending may already be with the
carrier, so when its lease ends it is unknown, and only a person sends it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from crm.database import claiming, db, is_postgresql
from crm.health import hold

LEASE = timedelta(seconds=20)
"""How long a claim holds. Every later step repeats it as a condition, so one that ran out costs a second try and nothing else."""
DEADLINE = timedelta(days=3)
"""How long a message that is put off again and again is tried."""
_FIRST_WAIT, _LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=4)
_NO_ORM = {"synchronize_session": False}


def backoff(attempts: int) -> timedelta:
    """How long to wait after so many attempts: a minute, doubled each time, up to four hours."""
    return min(_FIRST_WAIT * 2 ** min(max(attempts, 1) - 1, 12), _LONGEST_WAIT)


def claim_due(
    table: sa.Table,
    now: datetime,
    limit: int,
    where: sa.ColumnElement[bool] | None = None,
    returning: tuple[sa.Column[Any], ...] | None = None,
    **given: Any,
) -> Sequence[sa.Row[Any]]:
    """Take up to `limit` messages whose time has come, of those `where` is true of; nobody else gets them while the lease lasts.

    None during a hold. `where` is made once; what differs in it is `given` by name.
    """
    if hold.stands():
        return []
    given |= {"now": now, "until": now + LEASE, "most": limit}
    return db.session.execute(
        _claiming(table, where, returning, is_postgresql()), given, execution_options=_NO_ORM
    ).all()


@lru_cache(maxsize=16)
def _claiming(
    table: sa.Table,
    where: sa.ColumnElement[bool] | None,
    returning: tuple[sa.Column[Any], ...] | None,
    _is_postgresql: bool,
) -> Any:
    is_due = sa.and_(table.c.status == "pending", table.c.due_at <= sa.bindparam("now"))
    values = {
        "status": "claimed",
        "fence": table.c.fence + 1,
        "attempts": table.c.attempts + 1,
        "lease_until": sa.bindparam("until"),
        "reason": None,
    }
    due, most = is_due if where is None else sa.and_(is_due, where), sa.bindparam("most", type_=sa.Integer)
    return claiming(table, due, values, order_by=table.c.due_at, limit=most, returning=returning)


def release(table: sa.Table, held: Sequence[tuple[int, int]], due_at: datetime | None = None) -> None:
    """Give back messages (id, fence) that were taken and certainly not begun."""
    values = {"status": "pending", "lease_until": None, "attempts": table.c.attempts - 1}
    if due_at is not None:
        values["due_at"] = due_at
    begun = sa.or_(table.c.status == "claimed", table.c.status == "sending")
    mine = sa.and_(table.c.id == sa.bindparam("number"), table.c.fence == sa.bindparam("held"), begun)
    rows = [{"number": number, "held": fence} for number, fence in held]
    if rows:
        db.session.execute(sa.update(table).where(mine).values(**values), rows, execution_options=_NO_ORM)


def sweep(table: sa.Table, now: datetime) -> int:
    """Settle what a crash left behind: claimed goes back, sending becomes unknown. Returns how many were settled."""
    over = table.c.lease_until < now
    given_back = sa.update(table).where(table.c.status == "claimed", over).values(status="pending", lease_until=None)
    lost = (
        sa.update(table)
        .where(table.c.status == "sending", over)
        .values(status="unknown", lease_until=None, reason="The worker stopped before an answer came.")
    )
    return sum(db.session.execute(each, execution_options=_NO_ORM).rowcount for each in (given_back, lost))


def needs_sweep(table: sa.Table, now: datetime) -> bool:
    """Whether a lease has run out."""
    over = sa.select(table.c.id).where(table.c.status.in_(("claimed", "sending")), table.c.lease_until < now).limit(1)
    return db.session.scalar(over) is not None
