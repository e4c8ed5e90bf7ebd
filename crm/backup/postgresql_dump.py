"""PostgreSQL by its own programs, pg_dump, pg_restore and psql; where they are not installed, that is said in words.

A restore puts the tables of now aside in a schema of their own: until the new ones stand, migrated and on hold, the old can come back.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from flask import current_app

from crm import schema
from crm.backup.archive import BackupError, Manifest, in_a_line
from crm.backup.sqlite_copy import restored_facts
from crm.database import db, rollback

PROGRAMS = ("pg_dump", "pg_restore", "psql")
ASIDE = "replaced"
"""The schema of what is being replaced."""
PATIENCE = 30
"""Seconds to wait for others to finish writing."""
_TOO_NEW = b"SET transaction_timeout = 0;"
_ADVICE = {
    "lock timeout": "Others still use the data: stop web and worker, then restore again.",
    "version mismatch": "Install the client programs of the server's version.",
}
_QUIET = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1")


def dump(target: Path) -> None:
    """Write all data to `target`, consistent as of one moment, and check it. Raises BackupError."""
    target.touch(mode=0o600)
    _run("pg_dump", "--format=custom", "--schema=public", "--no-owner", "--no-privileges", f"--file={target}", _to())
    check(target)


def check(data: Path) -> None:
    """Raise BackupError unless the dump can be read from the first byte to the last."""
    _run("pg_restore", f"--file={os.devnull}", str(data))


def check_ready() -> None:
    """Raise BackupError unless the programs are here and the server lets us in."""
    for program in PROGRAMS:
        _find(program)
    _run("psql", *_QUIET, "--command=SELECT 1", _to())


def has_data() -> bool:
    """Whether there is any table."""
    return bool(sa.inspect(db.engine).get_table_names())


def load(data: Path, manifest: Manifest, now: datetime, by: str, *, aside: str | None) -> None:
    """Put the dump in the place of all data, migrate it, sign everybody out and begin the hold. Raises BackupError and changes nothing.

    What it replaces is dropped, or stays as the schema `aside`.
    """
    _leave()
    parts = [data.with_name(f"{name}.sql") for name in ("begin", "data", "end")]
    _run("pg_restore", "--schema=public", "--no-owner", "--no-privileges", f"--file={parts[1]}", str(data))
    _accept_older_servers(parts[1])
    parts[0].write_text(_aside())
    parts[2].write_text(_held(manifest.moment, now, by))
    _run("psql", *_QUIET, "--single-transaction", *(f"--file={each}" for each in parts), _to())
    _or_back(lambda: _bring_up_to_date(manifest, now, by))
    _tell(f"DROP SCHEMA {ASIDE} CASCADE" if aside is None else f"ALTER SCHEMA {ASIDE} RENAME TO {aside}")


def _aside() -> str:
    """What goes before the dump, in its transaction: the tables of now out of the way, once those who write have ended."""
    trigrams = "BEGIN CREATE EXTENSION IF NOT EXISTS pg_trgm; EXCEPTION WHEN OTHERS THEN NULL; END"
    return (
        f"SET lock_timeout = '{PATIENCE}s';\nDO $able$ BEGIN {trigrams}; END $able$;\n"
        f"DROP SCHEMA IF EXISTS {ASIDE} CASCADE;\nCREATE SCHEMA {ASIDE};\n"
        + _each_table("public", f"ALTER TABLE public.%I SET SCHEMA {ASIDE}")
    )


def _back() -> str:
    there = _each_table("public", "DROP TABLE public.%I CASCADE")
    return there + _each_table(ASIDE, f"ALTER TABLE {ASIDE}.%I SET SCHEMA public") + f"DROP SCHEMA {ASIDE} CASCADE;\n"


def _each_table(of: str, statement: str) -> str:
    found = f"SELECT relname FROM pg_class WHERE relnamespace = '{of}'::regnamespace AND relkind IN ('r', 'p')"  # noqa: S608
    each = f"FOR name IN {found} LOOP EXECUTE format('{statement}', name); END LOOP"
    return f"DO $each$ DECLARE name text; BEGIN {each}; END $each$;\n"


def _accept_older_servers(script: Path) -> None:
    """Blank the one setting of programs since 17 that servers before 17 do not know; it stands at the top."""
    with script.open("r+b") as file:
        at = file.read(4096).find(_TOO_NEW)
        if at >= 0:
            file.seek(at)
            file.write(b" " * len(_TOO_NEW))


def _held(made_at: datetime, now: datetime, by: str) -> str:
    """What follows the dump in its transaction: nobody is signed in, and a hold stands, where the schema had them."""
    values = {":since": made_at.isoformat(), ":now": now.isoformat(), ":by": by[:120]}
    insert = restored_facts(made_at, now, by)[1][0]
    for name, value in values.items():
        insert = insert.replace(name, "'" + value.replace("'", "''") + "'")
    guarded = "DO $held$ BEGIN IF to_regclass('public.{0}') IS NOT NULL THEN {1}; END IF; END $held$;\n"
    emptied = guarded.format("user_sessions", "DELETE FROM user_sessions")
    return "\nSET search_path = public;\n" + emptied + guarded.format("holds", insert)


def _bring_up_to_date(manifest: Manifest, now: datetime, by: str) -> None:
    schema.upgrade(current_app._get_current_object())  # type: ignore[attr-defined]
    moments = {"since": manifest.moment, "now": now}
    with db.engine.begin() as connection:
        for statement, values in restored_facts(manifest.moment, now, by):
            connection.execute(sa.text(statement), values and {**values, **moments})


def _or_back(act: Callable[[], None]) -> None:
    """Do it; when that fails, put back what stood there before."""
    try:
        act()
    except (sa.exc.SQLAlchemyError, schema.SchemaError) as error:
        _leave()
        _tell(_back())
        raise BackupError(f"The data in the backup cannot be used: {in_a_line(error)}") from None
    finally:
        _leave()


def _leave() -> None:
    """Let go of every connection: what stands in the way of a change of schema, or knows the tables of before."""
    rollback()
    db.session.remove()
    db.engine.dispose()


def _tell(statements: str) -> None:
    _run("psql", *_QUIET, "--single-transaction", f"--command={statements}", _to())


def _to() -> str:
    """The database as the programs are told of it: without the password, which the list of processes would show."""
    return "--dbname=" + db.engine.url._replace(drivername="postgresql", password=None).render_as_string()


def _find(program: str) -> str:
    if found := shutil.which(program):
        return found
    raise BackupError(
        f"{program} is not installed here. Install PostgreSQL's client programs, or back up the server itself."
    )


def _run(program: str, *arguments: str) -> None:
    password = db.engine.url.password
    words = os.environ | {"LC_MESSAGES": "C"} | ({"PGPASSWORD": str(password)} if password else {})
    done = subprocess.run([_find(program), *arguments], capture_output=True, text=True, check=False, env=words)  # noqa: S603
    if done.returncode:
        reason = _reason(done.stderr) or f"it ended with {done.returncode}"
        advice = next((advice for words, advice in _ADVICE.items() if words in reason), "")
        raise BackupError(f"{program} failed: {reason}. {advice}".strip())


def _reason(said: str) -> str:
    """What was wrong, in one line, without who says it and where."""
    lines = said.strip().splitlines()
    wrong = next((each for each in lines if "error:" in each.lower()), lines[-1] if lines else "")
    more = [each.partition("detail: ")[2] for each in lines if "detail: " in each]
    return "; ".join([re.split("error: ", wrong, maxsplit=1, flags=re.IGNORECASE)[-1].strip(), *more])[:300]
