"""Copies of a SQLite database: made while others write, checked, and put in the place of the one in use in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from crm.backup.archive import BackupError

PATIENCE = 30.0
"""Seconds to wait for others to finish writing."""


def copy(source: Path, target: Path) -> None:
    """Write the database as it stands now to `target`, compact, without keeping anybody from writing (VACUUM INTO)."""
    target.touch(mode=0o600)
    connection = _open(source)
    try:
        connection.execute("VACUUM INTO ?", (str(target),))
    finally:
        connection.close()


def check(path: Path) -> None:
    """Raise BackupError unless every page, index and reference of the database is sound."""
    connection = _open(path)
    try:
        verdict = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        orphan = connection.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.DatabaseError as error:
        verdict, orphan = str(error), None
    finally:
        connection.close()
    if verdict != "ok" or orphan:
        what = f"a row of {orphan[0]} belongs to nothing" if orphan else verdict
        raise BackupError(f"The copy of the database is not sound: {what}.")


def counts(path: Path, tables: Sequence[str]) -> dict[str, int]:
    """How many rows these tables have; an older schema may lack one."""
    connection = _open(path)
    try:
        there = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        count = "SELECT count(*) FROM {}"
        return {name: connection.execute(count.format(name)).fetchone()[0] for name in tables if name in there}
    finally:
        connection.close()


def revision(path: Path) -> str | None:
    """The schema the database was last brought to."""
    connection = _open(path)
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.DatabaseError:
        return None
    finally:
        connection.close()
    return row[0] if row else None


def make_ready(path: Path, made_at: datetime, now: datetime, by: str) -> None:
    """Sign everybody out in the copy, begin a hold that says since when things are late, and note who restored it."""
    connection = _open(path)
    try:
        with connection:
            for statement, values in restored_facts(made_at, now, by):
                connection.execute(statement, values)
    finally:
        connection.close()


def restored_facts(made_at: datetime, now: datetime, by: str) -> list[tuple[str, dict[str, object]]]:
    """The statements that belong to a restore, for either kind of database."""
    values: dict[str, object] = {"since": _text(made_at), "made": _text(made_at), "now": _text(now), "by": by[:120]}
    hold = (
        "INSERT INTO holds (cause, since, begun_at, begun_by, actor) SELECT 'restored', :since, :now, :by, ''"
        " WHERE NOT EXISTS (SELECT 1 FROM holds WHERE ended_at IS NULL)"
    )
    entry = (
        "INSERT INTO audit_entries (occurred_at, actor, via, via_name, ip_address, action, kind, label, changes)"
        " VALUES (:now, :by, 'command', 'restore', '', 'restored', 'backups', :made, '{}')"
    )
    return [("DELETE FROM user_sessions", {}), (hold, values), (entry, values)]


def put_in_place(copy: Path, live: Path, keep: Callable[[], None]) -> None:
    """Let everybody who has `live` open see the copy from now on. Nobody writes between `keep()` and that.

    One transaction of the backup API: killed in the middle, the old data stand. (Between the two locks is a moment in which
    another writer may slip in; whatever it wrote is lost with the rest.)
    """
    source, target, guard = _open(copy), _open(live), _open(live)
    try:
        guard.execute("BEGIN IMMEDIATE")
        keep()
        guard.execute("COMMIT")
        source.backup(target)
    finally:
        for each in (source, target, guard):
            each.close()


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=PATIENCE)
    connection.execute("PRAGMA secure_delete = ON")
    return connection
