"""Asking for a file, and removing it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from flask import current_app

from crm.database import after_commit, db
from crm.exports.models import UNDER_WAY, ContactExport
from crm.lib import clock
from crm.queue import nudge
from crm.users.models import User


def ask_for(file_format: str, wanted: Mapping[str, list[str]], by: User) -> ContactExport:
    """Have a file made of the list that this address shows."""
    found = ContactExport(user_id=by.id, format=file_format, wanted=dict(wanted))
    db.session.add(found)
    db.session.flush()
    after_commit(nudge, "run_exports")
    return found


def discard(found: ContactExport) -> None:
    """Remove the file and what is known of it."""
    path_of(found).unlink(missing_ok=True)
    db.session.delete(found)


def sweep(now: datetime | None = None) -> None:
    """Remove files that have been there for as long as is set, and files nobody knows of."""
    before = (now or clock.now()) - timedelta(days=current_app.config["EXPORTS_KEPT_DAYS"] or 36_500)
    for found in db.session.scalars(sa.select(ContactExport).where(ContactExport.created_at < before)):
        discard(found)
    db.session.flush()
    known = {each.stored_as for each in db.session.scalars(sa.select(ContactExport))}
    for path in folder().iterdir():
        if path.is_file() and path.name not in known and path.stat().st_mtime < before.timestamp():
            path.unlink(missing_ok=True)


def discard_finished() -> None:
    """Remove every file that is not being written, because somebody in it has to be forgotten."""
    for found in db.session.scalars(sa.select(ContactExport).where(ContactExport.status.not_in(UNDER_WAY))):
        discard(found)


def folder() -> Path:
    """Where the files wait."""
    path = Path(current_app.config["INSTANCE_PATH"]) / "exports"
    path.mkdir(mode=0o700, exist_ok=True)
    return path


def path_of(found: ContactExport) -> Path:
    """The file of this export."""
    return folder() / found.stored_as
