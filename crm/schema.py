"""Bringing the database to the schema this program needs.

One transaction: a migration that is killed leaves the old schema or the new one. Foreign keys are off meanwhile, because
rebuilding a SQLite table would delete its dependants, and checked before the end. Two processes that start at once take turns.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from flask import Flask
from sqlalchemy import event

from crm.config import ROOT
from crm.database import db


class SchemaError(Exception):
    """The database cannot be brought to this program's schema; the text says why and what to do."""


def upgrade(app: Flask) -> bool:
    """Migrate to the newest schema. Returns whether anything had to be done. Raises SchemaError."""
    with app.app_context(), _alone(app):
        config, script = _alembic()
        with _unguarded_connection() as connection:
            current = _revision(connection, script)
            if current == script.get_current_head():
                return False
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            _check_references(connection)
            connection.commit()
        return True


def upgrade_file(path: Path, to: str = "head") -> None:
    """Migrate a SQLite file that nobody else uses. Raises SchemaError."""
    engine = sa.create_engine(f"sqlite:///{path}")
    event.listen(engine, "connect", _without_transactions)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    config, script = _alembic()
    try:
        with engine.connect() as connection:
            if _revision(connection, script) != script.get_current_head():
                config.attributes["connection"] = connection
                command.upgrade(config, to)
                _check_references(connection)
            connection.commit()
    finally:
        engine.dispose()


def _without_transactions(connection: Any, _record: object) -> None:
    connection.isolation_level = None


def knows(revision: str) -> bool:
    """Whether a database of this schema can be brought to this program's."""
    try:
        return bool(revision) and _alembic()[1].get_revision(revision) is not None
    except CommandError:
        return False


def revision() -> str | None:
    """The schema the database in use was last brought to."""
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def is_current(app: Flask) -> bool:
    """Whether the database has this program's schema."""
    with app.app_context(), db.engine.connect().execution_options(only_reads=True) as connection:
        script = _alembic()[1]
        return MigrationContext.configure(connection).get_current_revision() == script.get_current_head()


def _alembic() -> tuple[Config, ScriptDirectory]:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    return config, ScriptDirectory.from_config(config)


@contextmanager
def _alone(app: Flask) -> Iterator[None]:
    with open(app.config["INSTANCE_PATH"] / "migrate.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _unguarded_connection() -> Iterator[sa.Connection]:
    """A connection whose foreign keys are not enforced, thrown away afterwards."""
    with db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            driver = connection.connection.dbapi_connection
            assert driver is not None
            driver.execute("PRAGMA foreign_keys = OFF")
        try:
            yield connection
        finally:
            connection.invalidate()


def _revision(connection: sa.Connection, script: ScriptDirectory) -> str | None:
    revision = MigrationContext.configure(connection).get_current_revision()
    try:
        script.get_revision(revision)
    except CommandError:
        raise SchemaError(
            f"The database was used by a newer Cohort (its schema is {revision}). Start that version, or restore a backup made before."
        ) from None
    return revision


def _check_references(connection: sa.Connection) -> None:
    if connection.dialect.name == "sqlite" and (
        broken := connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    ):
        raise SchemaError(
            f"The migration would leave a row of {broken[0]} without the {broken[2]} it belongs to; nothing was changed."
        )
