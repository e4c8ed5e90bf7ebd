"""Taking a file in, saying what its columns mean, and starting and stopping its passes. The passes themselves are in `runs`."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import IO

import sqlalchemy as sa
from flask import current_app

from crm.activity.vocabulary import Actor
from crm.contacts.fieldset import school_country
from crm.database import after_commit, db
from crm.imports.columns import guess, problem_of
from crm.imports.models import EXISTING, WORKING, ContactImport, ContactImportRow
from crm.imports.queries import sample_of
from crm.lib import clock
from crm.lib.csv_files import CsvError, sniff
from crm.queue import nudge
from crm.users.models import User

COMMAND_LINE = Actor(name="Import from the command line")


class Refused(Exception):
    """What was asked for cannot be, in words."""


def receive(file: IO[bytes], file_name: str, user: User | None) -> ContactImport:
    """Keep the file and find out how it is written. Raises CsvError in words, and keeps nothing then.

    `user` is whose import it is and whose sight of contacts bounds it; None is the command line, which sees all.
    """
    stored_as = f"{secrets.token_hex(16)}.csv"
    path = folder() / stored_as
    with path.open("wb") as kept:
        shutil.copyfileobj(file, kept)
    try:
        layout = sniff(path)
    except (CsvError, OSError):
        path.unlink(missing_ok=True)
        raise
    found = ContactImport(
        file_name=_plain_name(file_name), stored_as=stored_as, created_by=user.id if user else None,
        is_unattended=user is None, encoding=layout.encoding, delimiter=layout.delimiter, has_header=layout.has_header,
        columns=layout.columns, lines=layout.lines, country=school_country(),
    )  # fmt: skip
    found.mapping = guess(layout.columns, sample_of(path, layout)) if layout.columns else {}
    db.session.add(found)
    db.session.flush()
    return found


def reread(found: ContactImport, has_header: bool) -> None:
    """Take the first row for headings, or for a person. Raises CsvError."""
    layout = sniff(path_of(found), has_header=has_header, delimiter=found.delimiter)
    found.has_header, found.columns = layout.has_header, layout.columns
    found.mapping = guess(layout.columns, sample_of(path_of(found), layout))


def describe(
    found: ContactImport,
    mapping: Mapping[str, str],
    *,
    tag_ids: Sequence[int] = (),
    existing: str = "fill",
    day_first: bool | None = None,
    country: str | None = None,
    consent_note: str = "",
    asks_confirmation: bool = False,
) -> None:
    """Say what the columns mean and how rows meet contacts. Raises Refused."""
    if found.is_working or found.status == "done":
        raise Refused("This import is already under way.")
    if problem := problem_of(mapping, found.columns):
        raise Refused(problem)
    if existing not in EXISTING:
        raise Refused("Choose what happens with contacts who exist already.")
    found.mapping, found.tag_ids, found.existing = dict(mapping), list(tag_ids), existing
    found.day_first, found.country = day_first, country or None
    found.consent_note, found.asks_confirmation = consent_note.strip()[:300], asks_confirmation


def check(found: ContactImport) -> None:
    """Begin the dry run: everything but the writing."""
    _begin(found, "checking", {"uploaded", "checked", "stopped", "failed"})


def start(found: ContactImport) -> None:
    """Begin the import. Starting one that runs or is done changes nothing."""
    if found.status not in {"running", "done"}:
        _begin(found, "running", {"uploaded", "checked", "stopped", "failed"})


def stop(found: ContactImport) -> None:
    """Stop after the batch in hand. What was imported stays. Stopping one that is not under way changes nothing."""
    if found.is_working:
        found.status = "uploaded" if found.status == "checking" else "stopped"
        found.fence += 1
        found.lease_until = None
        found.finished_at = clock.now()


def discard(found: ContactImport) -> None:
    """Forget the import and its file; contacts are not touched."""
    path_of(found).unlink(missing_ok=True)
    db.session.delete(found)


def _begin(found: ContactImport, status: str, before: set[str]) -> None:
    if found.status not in before:
        raise Refused("This import is already under way.")
    if problem := problem_of(found.mapping, found.columns):
        raise Refused(problem)
    found.status, found.rows_done, found.attempts, found.error = status, 0, 0, None
    found.created = found.updated = found.unchanged = found.skipped = found.refused = 0
    found.lease_until = found.finished_at = None
    found.fence += 1
    db.session.execute(sa.delete(ContactImportRow).where(ContactImportRow.import_id == found.id))
    db.session.flush()
    after_commit(nudge, "run_imports")


def sweep() -> None:
    """Delete the files of imports nobody went on with for a week."""
    before = clock.now() - timedelta(days=7)
    left = sa.select(ContactImport).where(ContactImport.created_at < before, ContactImport.status.not_in(WORKING))
    for found in db.session.scalars(left):
        path_of(found).unlink(missing_ok=True)


def folder() -> Path:
    """Where the files wait."""
    path = Path(current_app.config["INSTANCE_PATH"]) / "imports"
    path.mkdir(mode=0o700, exist_ok=True)
    return path


def path_of(found: ContactImport) -> Path:
    """The file of this import."""
    return folder() / found.stored_as


def _plain_name(name: str) -> str:
    """The name of the file without folders and unprintable characters."""
    base = re.split(r"[/\\]", name)[-1]
    return "".join(letter for letter in base if letter.isprintable())[:200].strip() or "contacts.csv"
