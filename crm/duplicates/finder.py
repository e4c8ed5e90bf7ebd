"""Looking through all contacts for people who are there twice.

Each contact's keys go into a scratch database on disk; only those who share a key with a few others are compared. Memory stays
small and nobody is kept from writing, however many contacts there are.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import combinations
from typing import Any

import sqlalchemy as sa

from crm.contacts.models import Contact
from crm.database import commit, db, insert_new, table_of
from crm.duplicates.likeness import ENOUGH, Person, compare, keys_of
from crm.duplicates.models import DuplicatePair
from crm.lib import clock

MOST = 12
"""A key that more people share says nothing: the office's phone number, a family's mailbox at one school."""
CHUNK = 5_000
PAIRS = table_of(DuplicatePair)
COMPARED = (Contact.id, Contact.sort_name, Contact.email, Contact.phone, Contact.birthday, Contact.city)
SCRATCH = """
CREATE TABLE keys (key TEXT, contact INTEGER);
CREATE TABLE pairs (first INTEGER, second INTEGER, PRIMARY KEY (first, second)) WITHOUT ROWID;
"""


def look_through() -> int:
    """Find every pair anew; returns how many there are. What was dismissed stays dismissed."""
    started, found = clock.now(), 0
    with closing(sqlite3.connect("", isolation_level=None)) as scratch:
        scratch.executescript(SCRATCH)
        _collect(scratch)
        for some in _pairs(scratch):
            found += _keep(_judged(some))
            commit()
    db.session.execute(sa.delete(PAIRS).where(PAIRS.c.found_at < started, PAIRS.c.dismissed_at.is_(None)))
    commit()
    return found


def _collect(scratch: sqlite3.Connection) -> None:
    """The keys of everybody, and the pairs who share one."""
    scratch.execute("BEGIN")
    for people in _everybody():
        rows = [(key, each.id) for each in people for key in set(keys_of(each))]
        scratch.executemany("INSERT INTO keys VALUES (?, ?)", rows)
    scratch.execute("CREATE INDEX by_key ON keys (key)")
    shared = "SELECT group_concat(contact) FROM keys GROUP BY key HAVING count(*) BETWEEN 2 AND ?"
    for (ids,) in scratch.execute(shared, (MOST,)).fetchall():
        numbers = sorted(map(int, ids.split(",")))
        scratch.executemany("INSERT OR IGNORE INTO pairs VALUES (?, ?)", combinations(numbers, 2))
    scratch.execute("COMMIT")


def _everybody() -> Iterator[list[Person]]:
    last = 0
    while rows := db.session.execute(
        sa.select(*COMPARED).where(Contact.id > last).order_by(Contact.id).limit(CHUNK)
    ).all():
        commit()
        last = rows[-1].id
        yield [Person(*row) for row in rows]
    commit()


def _pairs(scratch: sqlite3.Connection) -> Iterator[list[tuple[int, int]]]:
    cursor = scratch.execute("SELECT first, second FROM pairs")
    while some := cursor.fetchmany(400):
        yield some


def _judged(pairs: Sequence[tuple[int, int]]) -> list[dict[str, Any]]:
    people = people_by_id({each for pair in pairs for each in pair})
    rows = []
    for first, second in pairs:
        if first in people and second in people:
            score, reasons = compare(people[first], people[second])
            if score >= ENOUGH:
                rows.append({"first_id": first, "second_id": second, "score": score, "reasons": reasons})
    return rows


def people_by_id(ids: set[int]) -> dict[int, Person]:
    """What these contacts are compared by."""
    rows = db.session.execute(sa.select(*COMPARED).where(Contact.id.in_(sorted(ids))))
    return {row.id: Person(*row) for row in rows}


def _keep(rows: Sequence[dict[str, Any]]) -> int:
    """Store the pairs, or that they were found again."""
    now = clock.now()
    insert_new(PAIRS, [{**row, "found_at": now} for row in rows])
    for row in rows:
        same = PAIRS.c.first_id == row["first_id"], PAIRS.c.second_id == row["second_id"]
        again = sa.update(PAIRS).where(*same, PAIRS.c.found_at < now)
        db.session.execute(again.values(found_at=now, score=row["score"], reasons=row["reasons"]))
    return len(rows)
