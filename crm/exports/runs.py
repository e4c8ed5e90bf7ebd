"""Writing the files that were asked for. A file that was cut short is written anew; it appears under its name when it is whole."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
from werkzeug.datastructures import MultiDict

from crm.contacts.listing import matching_ids, read_wanted
from crm.contacts.models import Contact
from crm.contacts.queries import scope
from crm.database import commit, db, rollback
from crm.exports.files import WRITERS, Chunks, Progress
from crm.exports.models import UNDER_WAY, ContactExport
from crm.exports.operations import path_of
from crm.exports.rows import Rows
from crm.lib import clock
from crm.users.models import User

log = logging.getLogger(__name__)
LEASE = timedelta(minutes=2)
ATTEMPTS = 3


class Overtaken(Exception):
    """The export was discarded, or another process writes it."""


def due() -> Sequence[int]:
    """Exports that nobody is writing."""
    free = sa.or_(ContactExport.lease_until.is_(None), ContactExport.lease_until < clock.now())
    found = sa.select(ContactExport.id).where(ContactExport.status.in_(UNDER_WAY), free)
    return db.session.scalars(found.order_by(ContactExport.id)).all()


def run(export_id: int) -> None:
    """Write the file, unless somebody else does."""
    found = _take(export_id)
    if found is None:
        return
    try:
        _write(found)
        _finish(found, "done")
    except Overtaken:
        rollback()
    except Exception as error:
        log.exception("export %s failed", export_id)
        rollback()
        _finish(found, "failed", f"{type(error).__name__}. The log says more.")


def write_all(path: Path, file_format: str, viewer: User) -> int:
    """Write every contact the viewer may see to `path`, for the command line; returns how many."""
    ids = db.session.scalars(sa.select(Contact.id).where(scope(viewer)).order_by(Contact.id)).all()
    commit()
    _write_rows(path, file_format, Rows(ids, viewer), lambda _done: commit())
    return len(ids)


def _take(export_id: int) -> ContactExport | None:
    now = clock.now()
    free = sa.or_(ContactExport.lease_until.is_(None), ContactExport.lease_until < now)
    mine = sa.update(ContactExport).where(ContactExport.id == export_id, ContactExport.status.in_(UNDER_WAY), free)
    values = {"status": "running", "lease_until": now + LEASE, "attempts": ContactExport.attempts + 1}
    taken = db.session.execute(mine.values(values), execution_options={"synchronize_session": False}).rowcount
    commit()
    if not taken:
        return None
    found = db.session.get_one(ContactExport, export_id, populate_existing=True)
    if found.attempts > ATTEMPTS:
        _finish(found, "failed", f"It stopped {ATTEMPTS} times. The log says why.")
        return None
    return found


def _write(found: ContactExport) -> None:
    viewer = found.user
    ids = matching_ids(read_wanted(MultiDict(found.wanted), viewer), viewer)
    _note(found, 0, len(ids))
    path = path_of(found)
    part = path.with_suffix(".part")
    _write_rows(part, found.format, Rows(ids, viewer), lambda done: _note(found, done, len(ids)))
    part.chmod(0o600)
    part.replace(path)


def _write_rows(path: Path, file_format: str, rows: Rows, progress: Progress) -> None:
    chunks: Chunks = rows.chunks()
    WRITERS[file_format](path, rows.heading, chunks, progress)


def _note(found: ContactExport, done: int, total: int) -> None:
    """Say how far it is, keep the lease, and let others write."""
    mine = sa.update(ContactExport).where(ContactExport.id == found.id, ContactExport.attempts == found.attempts)
    values = {"rows_done": done, "rows_total": total, "lease_until": clock.now() + LEASE}
    if not db.session.execute(mine.values(values), execution_options={"synchronize_session": False}).rowcount:
        raise Overtaken
    commit()


def _finish(found: ContactExport, status: str, error: str | None = None) -> None:
    values = {"status": status, "error": error, "finished_at": clock.now(), "lease_until": None}
    db.session.execute(sa.update(ContactExport).where(ContactExport.id == found.id).values(values))
    commit()
    log.info("export %s of %s contacts for user %s: %s", found.id, found.rows_total, found.user_id, status)
