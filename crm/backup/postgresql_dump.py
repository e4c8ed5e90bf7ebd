"""PostgreSQL by its own programs, pg_dump, pg_restore and psql; where they are not installed, that is said in words."""

from __future__ import annotations

import shutil
import subprocess
from datetime import datetime
from pathlib import Path

from flask import current_app

from crm import schema
from crm.backup.archive import BackupError, Manifest
from crm.backup.sqlite_copy import restored_facts
from crm.database import db, rollback


def dump(target: Path) -> None:
    """Write the whole database to `target`, consistent as of one moment."""
    target.touch(mode=0o600)
    _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={target}", f"--dbname={_address()}")


def load(data: Path, manifest: Manifest, now: datetime, by: str) -> None:
    """Replace the whole database in one transaction, then migrate it, sign everybody out and begin the hold."""
    rollback()
    db.session.remove()
    db.engine.dispose()
    script = data.with_suffix(".sql")
    _run("pg_restore", "--no-owner", "--no-privileges", f"--file={script}", str(data))
    begin, end = _held(manifest.moment, now, by)
    script.write_text(begin + script.read_text() + end)
    _run(
        "psql", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", f"--file={script}", f"--dbname={_address()}"
    )
    schema.upgrade(current_app._get_current_object())  # type: ignore[attr-defined]
    with db.engine.begin() as connection:
        for statement, values in restored_facts(manifest.moment, now, by):
            connection.exec_driver_sql(_in_psycopg(statement), values)


def _held(made_at: datetime, now: datetime, by: str) -> tuple[str, str]:
    """What goes around the dump, in its transaction: an empty schema before it, nobody signed in and a hold after it."""
    values = {"since": made_at.isoformat(), "now": now.isoformat(), "by": by[:120]}
    insert = restored_facts(made_at, now, by)[1][0]
    for name, value in values.items():
        insert = insert.replace(f":{name}", "'" + value.replace("'", "''") + "'")
    begin = "DROP SCHEMA IF EXISTS public CASCADE;\nCREATE SCHEMA public;\n"
    guarded = f"DO $held$ BEGIN IF to_regclass('public.holds') IS NOT NULL THEN {insert}; END IF; END $held$;\n"
    return begin, f"\nSET search_path = public;\nDELETE FROM user_sessions;\n{guarded}"


def _in_psycopg(statement: str) -> str:
    for name in ("since", "now", "by"):
        statement = statement.replace(f":{name}", f"%({name})s")
    return statement


def _address() -> str:
    return current_app.config["DATABASE_URL"].replace("postgresql+psycopg://", "postgresql://")


def _run(program: str, *arguments: str) -> None:
    if not shutil.which(program):
        raise BackupError(
            f"{program} is not installed here. Install PostgreSQL's client programs, or back up the server itself."
        )
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        words = done.stderr.strip().splitlines()
        raise BackupError(f"{program} failed: {words[-1][:300] if words else done.returncode}")
