"""Loading a new school from the command line: what only lists need is built once, at the end, instead of row by row.

While a file of many times as many rows as there are contacts is read in, contacts stand in no index but those by which rows are told apart,
and those where the new ones come last; in other orders lists look through all contacts until then. At a million rows that saves a third of the
time. What is missing is built again when the import ends, however it does, or by the worker a minute after nobody works on one any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex

from crm.database import CHECKPOINT, commit, db, is_postgresql, reading, rollback
from crm.imports.meeting import CONTACTS
from crm.imports.models import WORKING, ContactImport

MANY = 20_000
"""Rows from which on it pays."""
TIMES = 10
"""So many times as many rows as there are contacts."""
TOGETHER = 20_000
"""So many people are written in one transaction: their addresses stand all over the index, so that every page of it is written each time."""
KEPT = frozenset(
    f"ix_contacts_{each}" for each in ("phone", "created_at", "stage_changed_at", "last_activity_at", "owner_id")
)
"""Rows are told apart by the first, as by the unique ones; in the others those who are new stand at the end, which is quick. Those over a few contacts only cost nothing."""


@contextmanager
def indexing_at_the_end(rows: int) -> Iterator[int]:
    """While a file of so many rows is read in; how many people are best written together meanwhile, if it pays. Commits."""
    if not _pays(rows):
        yield 0
        return
    for index in _of_lists():
        if index.name not in KEPT:
            index.drop(db.session.connection(), checkfirst=True)
    commit()
    _checkpoint_at(8 * CHECKPOINT)
    try:
        yield TOGETHER
    finally:
        _checkpoint_at(CHECKPOINT)
        build_missing()


def _checkpoint_at(pages: int) -> None:
    """How long the log grows before the disk is waited for; it stays as long until nobody uses the database. Undoes what was not committed."""
    rollback()
    db.session.connection().exec_driver_sql(f"PRAGMA wal_autocheckpoint = {pages}").close()
    commit()


def build_missing() -> None:
    """Build what is not there, one index a transaction, sorted in files by a connection of little memory. Commits."""
    missing = _missing()
    if not missing:
        return
    connection = db.engine.raw_connection()
    cursor = connection.cursor()
    try:
        cursor.execute("PRAGMA temp_store = FILE")
        cursor.execute("PRAGMA cache_size = -8192")
        for index in missing:
            cursor.execute(str(CreateIndex(index, if_not_exists=True).compile(db.engine)))
    finally:
        connection.invalidate()


def build_missing_unless_loading() -> None:
    """What a process that was killed has left to do; nothing while anybody imports. Commits."""
    with reading():
        is_loading = db.session.scalar(sa.select(ContactImport.id).where(ContactImport.status.in_(WORKING)).limit(1))
    if not is_loading:
        build_missing()


def _pays(rows: int) -> bool:
    if is_postgresql() or rows < MANY:
        return False
    some = sa.select(CONTACTS.c.id).limit(rows // TIMES + 1).subquery()
    return (db.session.scalar(sa.select(sa.func.count()).select_from(some)) or 0) * TIMES <= rows


def _of_lists() -> list[sa.Index]:
    return [
        each
        for each in sorted(CONTACTS.indexes, key=lambda index: str(index.name))
        if not each.unique and each.dialect_options["sqlite"]["where"] is None
    ]


def _missing() -> list[sa.Index]:
    if is_postgresql():
        return []
    with reading():
        there = set(db.session.scalars(sa.text("SELECT name FROM sqlite_master WHERE type = 'index'")))
    return [each for each in _of_lists() if each.name not in there]
