"""Making sure that nothing of what was erased is left in the bytes of the database.

SQLite overwrites deleted rows (`secure_delete`); the search index keeps deleted words until its parts are merged, and the
write-ahead log keeps old pages until it is emptied.
"""

from __future__ import annotations

import sqlalchemy as sa

from crm.database import commit, db, is_postgresql, rollback

INDEXES = "SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE%USING fts5%'"


def wipe() -> None:
    """Merge every search index and empty the write-ahead log; doing it again costs little."""
    if is_postgresql():
        return
    for name in db.session.scalars(sa.text(INDEXES)).all():
        db.session.execute(sa.text(f"INSERT INTO {name} ({name}) VALUES ('optimize')"))  # noqa: S608
        commit()
    rollback()
    connection = db.engine.raw_connection()
    try:
        connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.close()
