"""Writing a broadcast's recipients down, some thousand at a time, each with its checkpoint; then letting it go.

Who is next is found without a write lock; a chunk is one INSERT … SELECT with the checkpoint in its transaction. So a worker that is
killed loses nothing and doubles nothing, and memory does not grow with the audience. Nothing is sent before all are written down.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.dialects import postgresql, sqlite

from crm.broadcasts import operations, reach
from crm.broadcasts.models import PURPOSE, Broadcast
from crm.contacts.models import Contact
from crm.database import after_commit, commit, db, is_postgresql, reading, rollback, table_of
from crm.email.models import EmailMessage
from crm.lib import clock
from crm.lib.bulk import among
from crm.preferences.kinds import MARKETING
from crm.queue import nudge

FIRST, CHUNK = 1_000, 10_000
"""The first chunk is small, so that there is something to see at once."""
LEASE = timedelta(seconds=60)
NO_ADDRESS = "The contact has no email address."
_broadcasts, _contacts, _messages = table_of(Broadcast), table_of(Contact), table_of(EmailMessage)
_NO_ORM = {"synchronize_session": False}


class Overtaken(Exception):
    """The broadcast was cancelled, or another process writes its recipients down."""


def freeze(broadcast_id: int, *, seconds: float = 20, is_gentle: bool = True) -> bool:
    """Go on writing recipients down for about so many seconds; whether there is more to do. Nothing while another does it."""
    if not (fence := _take(broadcast_id)):
        return False
    until = time.monotonic() + seconds
    try:
        while ids := _next(broadcast_id):
            began = time.monotonic()
            _write_down(broadcast_id, fence, ids)
            if time.monotonic() > until:
                _note(broadcast_id, fence, lease_until=None)
                commit()
                return True
            if is_gentle:
                time.sleep(min(time.monotonic() - began, 0.2))
        _let_go(broadcast_id, fence)
    except Overtaken:
        rollback()
    except Exception:
        rollback()
        _give_back(broadcast_id, fence)
        raise
    return False


def _take(broadcast_id: int) -> int:
    """Claim the work; its fence, or 0 when it is done or somebody else's."""
    now = clock.now()
    free = sa.or_(_broadcasts.c.lease_until.is_(None), _broadcasts.c.lease_until < now)
    mine = sa.and_(_broadcasts.c.id == broadcast_id, _broadcasts.c.status == "launching", free)
    values = {"fence": _broadcasts.c.fence + 1, "lease_until": now + LEASE}
    fence = db.session.scalar(sa.update(_broadcasts).where(mine).values(values).returning(_broadcasts.c.fence))
    commit()
    return fence or 0


def _give_back(broadcast_id: int, fence: int) -> None:
    """Let whoever comes next try at once."""
    with suppress(Overtaken):
        _note(broadcast_id, fence, lease_until=None)
    commit()


def _next(broadcast_id: int) -> Sequence[int]:
    """The ids of the next contacts the broadcast is for, and how many there are in all, once."""
    with reading():
        broadcast = db.session.get_one(Broadcast, broadcast_id, populate_existing=True)
        meant = reach.meant(broadcast, broadcast.launched_at)
        found = sa.select(Contact.id).where(meant, Contact.id > broadcast.checkpoint).order_by(Contact.id)
        return db.session.scalars(found.limit(CHUNK if broadcast.frozen else FIRST)).all()


def _write_down(broadcast_id: int, fence: int, ids: Sequence[int]) -> None:
    """One transaction: the messages to these contacts, and the checkpoint."""
    broadcast = db.session.get_one(Broadcast, broadcast_id, populate_existing=True)
    zones = _zones(ids) if broadcast.local_time else ()
    rows = _rows(broadcast, ids, zones, clock.now())
    insert: Any = (postgresql if is_postgresql() else sqlite).insert(_messages)
    statement = insert.from_select([each.name for each in rows.selected_columns], rows).on_conflict_do_nothing()
    made = db.session.execute(statement, execution_options=_NO_ORM).rowcount
    values = {"checkpoint": ids[-1], "frozen": _broadcasts.c.frozen + made, "lease_until": clock.now() + LEASE}
    _note(broadcast_id, fence, **values)
    commit()


def _rows(broadcast: Broadcast, ids: Sequence[int], zones: Sequence[str], now: datetime) -> sa.Select[Any]:
    """The messages of these contacts. In a test so many of each hundred, at random, try the wordings in turn; the rest waits."""
    some = _ranked(broadcast, ids).subquery()
    can_get_it = sa.or_(some.c.email.is_not(None), some.c.guardian_id.is_not(None))
    contents, test = [each.content_id for each in broadcast.variants], _tries(broadcast, some)
    turns = dict(enumerate(contents))
    content = sa.case(turns, value=some.c.rank % len(contents), else_=contents[0]) if test is not None else contents[0]
    lane = sa.case((test, broadcast.lane_id), else_=broadcast.rest_lane_id) if test is not None else broadcast.lane_id
    values = {
        "contact_id": some.c.id,
        "content_id": sa.case((test, content), else_=contents[0]) if test is not None else sa.literal(contents[0]),
        "template_id": sa.literal(broadcast.template_id, sa.BigInteger),
        "purpose": sa.literal(PURPOSE),
        "kind": sa.literal(MARKETING),
        "topic_id": sa.literal(broadcast.topic_id, sa.BigInteger),
        "parent_id": sa.literal(broadcast.id),
        "lane_id": lane if test is not None else sa.literal(lane),
        "actor": sa.literal(f"Broadcast “{broadcast.name}”"[:120]),
        "status": sa.case((can_get_it, "pending"), else_="skipped"),
        "reason": sa.case((can_get_it, sa.null()), else_=NO_ADDRESS),
        "due_at": _due_at(broadcast, some, zones, now),
        "created_at": sa.literal(now, _messages.c.created_at.type),
    }
    return sa.select(*(value.label(key) for key, value in values.items())).where(sa.true()).order_by(some.c.id)


def _ranked(broadcast: Broadcast, ids: Sequence[int]) -> sa.Select[Any]:
    """The contacts in an order that has nothing to do with them, those who can be written to apart."""
    c = _contacts.c
    mixed = ((c.id % 1_000_003) * 15_485_863 + broadcast.id * 7_919) % 32_452_843
    apart = sa.case((sa.and_(c.email.is_(None), c.guardian_id.is_(None)), 1), else_=0)
    rank = (sa.func.row_number().over(partition_by=apart, order_by=(mixed, c.id)) - 1).label("rank")
    size = sa.func.count().over(partition_by=apart).label("size")
    return sa.select(c.id, c.email, c.guardian_id, c.timezone, rank, size).where(among(c.id, ids))


def _tries(broadcast: Broadcast, some: sa.Subquery) -> sa.ColumnElement[bool] | None:
    """Who is in the test: the share, and of few at least one for each wording."""
    if broadcast.rest_lane_id is None:
        return None
    return sa.or_(some.c.rank * 100 < some.c.size * broadcast.test_share, some.c.rank < len(broadcast.variants))


def _due_at(broadcast: Broadcast, some: sa.Subquery, zones: Sequence[str], now: datetime) -> sa.ColumnElement[Any]:
    kind = _messages.c.due_at.type
    if not broadcast.local_time:
        return sa.literal(now, kind)
    wall = datetime.fromisoformat(broadcast.local_time)
    moments = {zone: max(clock.moment_of(wall, zone), now) for zone in zones if clock.is_zone(zone)}
    ours = sa.literal(max(clock.moment_of(wall, current_app.config["TIMEZONE"]), now), kind)
    if not moments:
        return ours
    each = {zone: sa.literal(moment, kind) for zone, moment in moments.items()}
    return sa.case(each, value=some.c.timezone, else_=ours)


def _zones(ids: Sequence[int]) -> Sequence[str]:
    found = (
        sa.select(_contacts.c.timezone).where(among(_contacts.c.id, ids), _contacts.c.timezone.is_not(None)).distinct()
    )
    return [each for each in db.session.scalars(found) if each]


def _let_go(broadcast_id: int, fence: int) -> None:
    """All are written down: open the lanes, and begin to count the time of a test."""
    now = clock.now()
    broadcast = db.session.get_one(Broadcast, broadcast_id, populate_existing=True)
    values: dict[str, Any] = {"status": "sending", "sending_since": now, "lease_until": None}
    if broadcast.test_on and broadcast.winner_by != "hand":
        values["test_ends_at"] = now + timedelta(minutes=broadcast.test_minutes)
    _note(broadcast_id, fence, **values)
    db.session.refresh(broadcast)
    operations.let_go(broadcast)
    after_commit(nudge, "deliver")
    commit()


def _note(broadcast_id: int, fence: int, **values: Any) -> None:
    """Write to the broadcast, if the work is still ours."""
    ours = sa.and_(_broadcasts.c.id == broadcast_id, _broadcasts.c.fence == fence, _broadcasts.c.status == "launching")
    if not db.session.execute(sa.update(_broadcasts).where(ours).values(**values), execution_options=_NO_ORM).rowcount:
        raise Overtaken
