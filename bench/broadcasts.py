"""Broadcasts: a million recipients reckoned and written down, beside one raw INSERT … SELECT of the same rows."""

from __future__ import annotations

import resource
import threading
import time
from collections.abc import Iterator

import sqlalchemy as sa

from bench.figures import Figure, fresh_app, seconds
from crm.activity.vocabulary import Actor
from crm.broadcasts import drafting, freezing, operations, reckoning
from crm.broadcasts.models import Broadcast
from crm.database import commit, db, rollback, table_of
from crm.email.models import EmailMessage

RECIPIENTS = (200_000, 1_000_000)
BY = Actor(name="Ada")
_messages = table_of(EmailMessage)
FILL = """
WITH RECURSIVE numbers (n) AS (SELECT :first UNION ALL SELECT n + 1 FROM numbers WHERE n < :last)
INSERT INTO contacts ({columns}) SELECT {values} FROM numbers
"""


def run() -> Iterator[Figure]:
    """Seconds until there is something to see, recipients a second, seconds to count who will get it, and the memory it took."""
    with fresh_app(MAIL_ADDRESS="1 School Lane"):
        before = 0
        for recipients in RECIPIENTS:
            _fill(before + 1, recipients)
            before = recipients
            yield from _launched(recipients)


def _launched(recipients: int) -> Iterator[Figure]:
    size = f"of {recipients:,} recipients"
    broadcast = drafting.create_broadcast("Open day", BY)
    broadcast.is_for_everyone = True
    drafting.write(broadcast, drafting.Words("Come", "", "Hello {{ contact.first_name }}"))
    commit()
    took = seconds(lambda: reckoning.reckon(broadcast))
    rollback()
    bare = seconds(lambda: db.session.execute(sa.text("SELECT sum(length(email) > 0) FROM contacts")).all())
    rollback()
    yield Figure(f"a broadcast {size} reckoned, each left out with the reason", took, "s", bare, "their addresses read")
    first, whole, grown = _frozen(broadcast.id)
    yield Figure(f"first progress of a launch {size}", first, "s", 2.0, "promised")
    raw = _raw(broadcast.id)
    assert db.session.scalar(sa.select(Broadcast.frozen).where(Broadcast.id == broadcast.id)) == recipients
    rollback()
    yield Figure(
        f"a launch {size}", recipients / whole, "recipients/s", recipients / raw, "one INSERT … SELECT of the same rows"
    )
    yield Figure(f"memory that a launch {size} took more", grown, "MB", 50.0, "promised at most")


def _frozen(broadcast_id: int) -> tuple[float, float, float]:
    """Seconds to the first recipients, to all of them, and MB by which the process grew."""
    operations.launch(db.session.get_one(Broadcast, broadcast_id), BY)
    commit()
    seen: list[float] = []
    peak, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    watch = threading.Thread(target=_watch, args=(db.engine, broadcast_id, start, seen))
    watch.start()
    while freezing.freeze(broadcast_id, seconds=3600, is_gentle=False):
        pass
    whole = time.perf_counter() - start
    watch.join()
    return seen[0], whole, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak) / 1024


def _watch(engine: sa.Engine, broadcast_id: int, start: float, seen: list[float]) -> None:
    """When somebody else first sees recipients."""
    while not seen:
        with engine.connect() as connection:
            frozen = connection.scalar(sa.select(Broadcast.frozen).where(Broadcast.id == broadcast_id))
        if frozen:
            seen.append(time.perf_counter() - start)
        time.sleep(0.01)


def _raw(broadcast_id: int) -> float:
    """The same rows once more, made by the database alone; taken back."""
    names = [each.name for each in _messages.columns if each.name not in ("id", "parent_id")]
    same = sa.select(*(_messages.c[each] for each in names), sa.literal(0)).where(_messages.c.parent_id == broadcast_id)
    taken = seconds(lambda: db.session.execute(sa.insert(_messages).from_select([*names, "parent_id"], same)))
    taken += seconds(commit)
    db.session.execute(sa.delete(_messages).where(_messages.c.parent_id == 0))
    commit()
    return taken


def _fill(first: int, last: int) -> None:
    given = {"id": "n", "first_name": "'Pat'", "last_name": "'Doe' || n", "email": "'pat' || n || '@example.com'"}
    with db.engine.begin() as connection:
        for column in sa.inspect(connection).get_columns("contacts"):
            if column["name"] not in given and not column["nullable"] and column["default"] is None:
                given[column["name"]] = _SOME.get(column["name"]) or _of_type(column["type"])
        text = FILL.format(columns=", ".join(given), values=", ".join(given.values()))
        connection.execute(sa.text(text), {"first": first, "last": last})


_SOME: dict[str, str] = {"lifecycle_stage": "'lead'"}


def _of_type(kind: sa.types.TypeEngine[object]) -> str:
    """A value any column of this type may hold."""
    if isinstance(kind, sa.DateTime):
        return "'2026-01-01 00:00:00.000000'"
    return "''" if isinstance(kind, sa.String) else "0"
