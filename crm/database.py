"""The database: the session, column types, transactions, claims.

SQLite transactions are opened by us: `BEGIN` while a page is only read, `BEGIN IMMEDIATE` for everything else, because a
reading transaction that later writes fails with SQLITE_BUSY at once. A GET that records something declares it (`public(writes=True)`),
and so does a POST that only asks (`requires(…, reads=True)`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask import Flask, g, has_request_context, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry

from crm.lib import clock
from crm.lib.bulk import STAGED, insert_new_staged


class UTCDateTime(sa.TypeDecorator[datetime]):
    """A moment: aware in Python, UTC in the database. A naive value is refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: sa.Dialect) -> Any:
        """SQLite's text is written here: SQLAlchemy's own way takes five times as long, and every message has ten moments."""
        return _as_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Any:
        """The same for reading."""
        return _of_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)

    def process_bind_param(self, value: datetime | None, _dialect: sa.Dialect) -> datetime | None:
        return None if value is None else _in_utc(value)

    def process_result_value(self, value: datetime | None, _dialect: sa.Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _in_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    return value.astimezone(UTC)


def _of_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value).replace(tzinfo=UTC)


def _as_text(value: datetime | None) -> str | None:
    return None if value is None else _in_utc(value).replace(tzinfo=None).isoformat(" ", "microseconds")


JSON = sa.JSON().with_variant(JSONB(), "postgresql")
BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Every table: named constraints, moments in UTC."""

    registry = registry(
        metadata=sa.MetaData(naming_convention=NAMES),
        type_annotation_map={datetime: UTCDateTime, dict[str, Any]: JSON, list[Any]: JSON},
    )


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model


class Identified:
    """A table with an integer id."""

    id: Mapped[int] = mapped_column(BigId, primary_key=True)


class Numbered(Identified):
    """A table whose numbers are never given again, though the row is gone: links, timelines and messages keep them.

    On SQLite a number would go to the next row once the newest is deleted; on PostgreSQL it never does.
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.__table__.dialect_options["sqlite"]["autoincrement"] = True  # type: ignore[attr-defined]


class Timestamped:
    """A table that knows when its rows were made and last changed."""

    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now, onupdate=clock.now)


def reference(target: str, *, on_delete: str, **options: Any) -> Mapped[Any]:
    """A foreign key column; what happens when its target goes is always said."""
    return mapped_column(BigId, sa.ForeignKey(target, ondelete=on_delete), **options)


def commit() -> None:
    """Commit the session, then do what was left for after it, each thing once."""
    db.session.commit()
    for function, arguments in db.session.info.pop("after_commit", {}):
        function(*arguments)


def rollback() -> None:
    """Undo the session's transaction, and forget what was to follow it."""
    db.session.info.pop("after_commit", None)
    db.session.rollback()


@contextmanager
def reading() -> Iterator[None]:
    """A transaction that only reads, for jobs with a long question: others write meanwhile. Whatever was not committed is undone."""
    rollback()
    db.session.connection(execution_options={"only_reads": True})
    try:
        yield
    finally:
        rollback()


def is_full(error: sa.exc.OperationalError) -> bool:
    """Whether the database could not write because there is no room."""
    text = str(error.orig)
    return "full" in text or "disk I/O" in text


def is_busy(error: sa.exc.OperationalError) -> bool:
    """Whether others kept the database from being written for too long."""
    text = str(error.orig)
    return "locked" in text or "busy" in text


def after_commit(function: Callable[..., object], *arguments: Any) -> None:
    """Call `function` once this transaction is committed, once however often it was asked for; never if it is undone."""
    db.session.info.setdefault("after_commit", {})[function, arguments] = None


def claim(
    table: sa.Table,
    found: sa.ColumnElement[bool],
    values: dict[str, Any],
    *,
    order_by: sa.ColumnElement[Any],
    limit: int,
    returning: Sequence[sa.Column[Any]] | None = None,
) -> Sequence[sa.Row[Any]]:
    """Take up to `limit` rows for this process: an UPDATE that repeats the condition they were found with.

    No row is given to two claimants, whatever runs beside it. Rows come in no particular order, with these columns or all of them.
    """
    statement = claiming(table, found, values, order_by=order_by, limit=limit, returning=returning)
    return db.session.execute(statement, execution_options={"synchronize_session": False}).all()


def claiming(
    table: sa.Table,
    found: sa.ColumnElement[bool],
    values: dict[str, Any],
    *,
    order_by: sa.ColumnElement[Any],
    limit: int | sa.BindParameter[int],
    returning: Sequence[sa.Column[Any]] | None = None,
) -> sa.Update | sa.sql.dml.ReturningUpdate[Any]:
    """The statement of `claim`, for what is claimed so often that making it anew each time counts."""
    chosen = sa.select(table.c.id).where(found).order_by(order_by).limit(limit).with_for_update(skip_locked=True)
    if is_postgresql():  # it may read a subquery once per row, and so go beyond the limit
        chosen = sa.select(chosen.cte("chosen").prefix_with("MATERIALIZED").c.id)
    return sa.update(table).where(table.c.id.in_(chosen), found).values(**values).returning(*(returning or table.c))


def insert_new(table: sa.Table, rows: Sequence[dict[str, Any]], returning: sa.Column[Any] | None = None) -> list[Any]:
    """Insert those of `rows`, all with the same keys, that break no unique rule; the `returning` values of the new ones, in no particular order."""
    if not rows:
        return []
    statement = _dialect_insert(table).on_conflict_do_nothing()
    returned = statement.returning(table.c.id if returning is None else returning)
    is_complete = all(each.name in rows[0] or each.default is None for each in table.c)
    if len(rows) >= STAGED and is_complete and not is_postgresql():
        db.session.flush()
        return insert_new_staged(db.session.connection(), returned, rows)
    made: list[Any] = []
    for start in range(0, len(rows), 500):
        made += db.session.scalars(returned, rows[start : start + 500])
    return made


def _dialect_insert(table: sa.Table) -> Any:
    from sqlalchemy.dialects import postgresql, sqlite

    return (postgresql if is_postgresql() else sqlite).insert(table)


def is_postgresql() -> bool:
    """Whether the data lives in PostgreSQL rather than SQLite."""
    return db.engine.dialect.name == "postgresql"


def init_app(app: Flask) -> None:
    """Bind the session to the app's database and prepare its connections."""
    url = app.config["DATABASE_URL"]
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"pool_size": 20, "max_overflow": 20}
    db.init_app(app)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            event.listen(db.engine, "connect", partial(_prepare_sqlite, app.config["SQLITE_SYNCHRONOUS"]))
            event.listen(db.engine, "begin", _begin_sqlite)


CHECKPOINT = 10_000
"""Once SQLite's log has so many pages, they are brought into the database, and the disk is waited for."""


def _prepare_sqlite(synchronous: str, connection: Any, _record: object) -> None:
    connection.isolation_level = None
    for pragma in (
        "busy_timeout = 5000",
        "journal_mode = WAL",
        f"synchronous = {synchronous}",
        "foreign_keys = ON",
        "secure_delete = ON",
        "cache_size = -32768",
        "temp_store = MEMORY",
        f"wal_autocheckpoint = {CHECKPOINT}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN" if _is_only_reading(connection) else "BEGIN IMMEDIATE")


def _is_only_reading(connection: sa.Connection) -> bool:
    if connection.get_execution_options().get("only_reads"):
        return True
    if not has_request_context() or g.get("writes", False):
        return False
    return request.method in {"GET", "HEAD", "OPTIONS"} or g.get("reads", False)


def table_of(model: type[Base]) -> sa.Table:
    """The model's table, typed for Core statements."""
    table = model.__table__
    assert isinstance(table, sa.Table)
    return table


__all__ = [
    "JSON", "Base", "BigId", "Engine", "Identified", "Model", "Numbered", "Timestamped", "UTCDateTime", "after_commit",
    "claim", "claiming", "commit", "db", "init_app", "insert_new", "is_busy", "is_full", "is_postgresql", "reading", "reference", "rollback", "table_of",
]  # fmt: skip
