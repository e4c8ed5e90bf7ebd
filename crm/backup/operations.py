"""Making a backup, and putting one back."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import sqlalchemy as sa
from flask import current_app

from crm import schema
from crm.backup import archive, postgresql_dump, shelf, sqlite_copy
from crm.backup.archive import DATABASES, SECRET, BackupError, Manifest, in_a_line
from crm.database import db, is_postgresql, reading, rollback
from crm.lib import clock

COUNTED = {
    "contacts": "Contacts", "users": "Accounts", "email_messages": "Emails", "contact_activities": "Things in timelines",
    "contact_tasks": "Tasks", "automation_workflows": "Workflows",
}  # fmt: skip
"""What a backup says how much of it there is, by table, with its label."""
RESTORED = "restored-at"
"""A file of the instance whose change tells `serve` to start its processes anew: what they remember by number is of other data now."""


def back_up(target: Path, reason: str, now: datetime | None = None) -> Manifest:
    """Write a whole backup to `target` and check it. Nobody is kept from working meanwhile. Raises BackupError.

    The session must have nothing open: its transaction is ended.
    """
    rollback()
    with _alone(), _workshop("backing-") as folder:
        return _write_backup(folder, target, reason, now or clock.now())


def _write_backup(folder: Path, target: Path, reason: str, now: datetime) -> Manifest:
    kind = "postgresql" if is_postgresql() else "sqlite"
    data = folder / DATABASES[kind]
    _check_room(target.parent)
    try:
        if live := shelf.live_path():
            sqlite_copy.copy(live, data)
            sqlite_copy.check(data)
        else:
            postgresql_dump.dump(data)
        revision = sqlite_copy.revision(data) if live else schema.revision()
        manifest = Manifest(
            made_at=now.isoformat(), version=version("cohort"), schema=revision or "", database=kind, reason=reason,
            counts=sqlite_copy.counts(data, COUNTED) if live else _counts(), school=current_app.config["SCHOOL_NAME"],
        )  # fmt: skip
        archive.write(target, manifest, {DATABASES[kind]: data, **dict(shelf.instance_files())})
        return archive.read_manifest(target)
    except (OSError, sqlite3.Error, sa.exc.SQLAlchemyError) as error:
        raise BackupError(f"The backup could not be written: {in_a_line(error)}.") from None


def restore(path: Path, by: str, now: datetime | None = None) -> Manifest:
    """Put the backup in the place of all that is there; what it replaces is kept as a backup of its own. Raises BackupError and changes nothing.

    Everybody is signed out, and a hold begins: nothing is sent until somebody has decided. Doing it twice ends the same.
    """
    rollback()
    now = now or clock.now()
    with _alone(), _workshop("restoring-") as folder:
        manifest = archive.unpack(path, folder)
        _check_kind(manifest)
        schema_known = schema.knows(manifest.schema)
        if not schema_known:
            raise BackupError(
                f"The backup was made by a newer Cohort ({manifest.version}). Install that version, then restore it."
            )
        if live := shelf.live_path():
            _restore_sqlite(folder, live, manifest, now, by)
        else:
            _restore_postgresql(folder, manifest, now, by)
        _restore_files(folder, manifest)
    _start_anew(now)
    return manifest


def _restore_sqlite(folder: Path, live: Path, manifest: Manifest, now: datetime, by: str) -> None:
    data = folder / DATABASES["sqlite"]
    try:
        sqlite_copy.check(data)
        schema.upgrade_file(data)
        sqlite_copy.make_ready(data, manifest.moment, now, by)
    except (sqlite3.Error, sa.exc.SQLAlchemyError, schema.SchemaError) as error:
        raise BackupError(f"The data in the backup cannot be used: {in_a_line(error)}") from None
    db.session.remove()
    db.engine.dispose()
    if not live.exists():
        data.chmod(0o600)
        data.replace(live)
        return
    try:
        sqlite_copy.put_in_place(data, live, lambda: _keep(folder, now))
    except sqlite3.DatabaseError:
        _set_aside(live, now)
        data.replace(live)


def _restore_postgresql(folder: Path, manifest: Manifest, now: datetime, by: str) -> None:
    data, aside = folder / DATABASES["postgresql"], None
    postgresql_dump.check_ready()
    postgresql_dump.check(data)
    try:
        if postgresql_dump.has_data():
            _keep(folder, now)
    except sqlite3.DatabaseError:
        aside = f"damaged_{now:%Y%m%d_%H%M%S}"
    postgresql_dump.load(data, manifest, now, by, aside=aside)


def _keep(folder: Path, now: datetime) -> None:
    """Keep what is about to be replaced; of a database that is too damaged for that, sqlite3.DatabaseError."""
    target = shelf.new_path("replaced", now)
    with tempfile.TemporaryDirectory(dir=folder, prefix="present-") as place:
        try:
            _write_backup(Path(place), target, "replaced", now)
        except BackupError as error:
            raise sqlite3.DatabaseError(str(error)) from None
    shelf.thin_out("replaced", shelf.REPLACED_KEPT)


def _set_aside(live: Path, now: datetime) -> None:
    """Move a damaged database out of the way as it is, with what belongs to it."""
    for suffix in ("", "-wal", "-shm"):
        path = live.with_name(live.name + suffix)
        if path.exists():
            path.replace(path.with_name(f"damaged-{now:%Y%m%d-%H%M%S}-{path.name}"))


def _restore_files(folder: Path, manifest: Manifest) -> None:
    root = Path(current_app.config["INSTANCE_PATH"])
    for name in manifest.files:
        if name in DATABASES.values() or not shelf.belongs(name):
            continue
        target = root / name
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / name).replace(target)
    if SECRET in manifest.files and current_app.config["SECRET_IS_KEPT"]:
        current_app.config["SECRET_KEY"] = (root / SECRET).read_text().strip()


def _start_anew(now: datetime) -> None:
    """Let this process read settings afresh, and `serve` start its own processes again."""
    current_app.extensions["settings_looked_at"] = float("-inf")
    (Path(current_app.config["INSTANCE_PATH"]) / RESTORED).write_text(now.isoformat())


def _check_kind(manifest: Manifest) -> None:
    here = "postgresql" if is_postgresql() else "sqlite"
    if manifest.database != here:
        names = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
        raise BackupError(
            f"The backup is of a {names[manifest.database]} database, and this school uses {names[here]}."
        )


def _check_room(folder: Path) -> None:
    live = shelf.live_path()
    needed = 2 * live.stat().st_size if live and live.exists() else 0
    if shutil.disk_usage(folder).free < needed + 50_000_000:
        raise BackupError(f"There is not enough room on the disk: a backup needs {(needed + 50e6) / 1e6:,.0f} MB free.")


def _counts() -> dict[str, int]:
    """How many rows these tables have; an older schema, or a damaged one, may lack one."""
    there = set(sa.inspect(db.engine).get_table_names())
    tables = [db.metadata.tables[name] for name in COUNTED if name in there]
    with reading():
        return {each.name: db.session.scalar(sa.select(sa.func.count()).select_from(each)) or 0 for each in tables}


@contextmanager
def _alone() -> Iterator[None]:
    """One backup or restore at a time, whichever process makes it. Raises BackupError while another is at it."""
    with open(Path(current_app.config["INSTANCE_PATH"]) / "backup.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupError("Another backup or restore is under way. Wait until it is done.") from None
        yield


@contextmanager
def _workshop(prefix: str) -> Iterator[Path]:
    """A private folder on the disk of the data, gone afterwards, with those that a killed process left."""
    root = Path(current_app.config["INSTANCE_PATH"])
    for left in root.glob(f"{prefix}*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=root, prefix=prefix) as folder:
        os.chmod(folder, 0o700)
        yield Path(folder)
