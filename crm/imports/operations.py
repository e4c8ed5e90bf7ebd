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
from crm.imports.columns import fields, guess, headings_key, mapping_like, problem_of
from crm.imports.models import (
    DEDUPE,
    EXISTING,
    UNDO_WITHIN,
    WORKING,
    ContactImport,
    ContactImportBatch,
    ContactImportKept,
    ContactImportLink,
    ContactImportRow,
)  # fmt: skip
from crm.imports.queries import remembered, sample_of
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
    _guess(found, path)
    db.session.add(found)
    db.session.flush()
    return found


def reread(found: ContactImport, has_header: bool) -> None:
    """Take the first row for headings, or for a person. Raises CsvError."""
    layout = sniff(path_of(found), has_header=has_header, delimiter=found.delimiter)
    found.has_header, found.columns = layout.has_header, layout.columns
    _guess(found, path_of(found))


def _guess(found: ContactImport, path: Path) -> None:
    """What the columns mean: as somebody said for the last file with these headings, else as they are called."""
    found.headings = headings_key(found.columns) if found.has_header and found.columns else None
    found.mapping = guess(found.columns, sample_of(path, found.layout)) if found.columns else {}
    if before := remembered(found):
        found.mapping = mapping_like(before.columns, before.mapping, found.columns)
        found.existing, found.dedupe = before.existing, before.dedupe
        found.day_first, found.country, found.tag_ids = before.day_first, before.country, list(before.tag_ids)


def describe(
    found: ContactImport,
    mapping: Mapping[str, str],
    *,
    tag_ids: Sequence[int] = (),
    existing: str = "fill",
    dedupe: str = "email",
    day_first: bool | None = None,
    country: str | None = None,
    consent_note: str = "",
    asks_confirmation: bool = False,
) -> None:
    """Say what the columns mean and how rows meet contacts. Raises Refused."""
    if found.is_working or found.status == "done":
        raise Refused("This import is already under way.")
    if dedupe not in DEDUPE:
        raise Refused("Choose what contacts are told apart by.")
    if problem := problem_of(mapping, found.columns, dedupe):
        raise Refused(problem)
    if existing not in EXISTING:
        raise Refused("Choose what happens with contacts who exist already.")
    found.dedupe, found.is_described = dedupe, True
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


def undo(found: ContactImport) -> None:
    """Begin to take back what the import wrote. Undoing one that is being undone or is changes nothing. Raises Refused."""
    if found.status in {"undoing", "undone"}:
        return
    if not found.can_be_undone(clock.now()):
        raise Refused("This import can no longer be undone.")
    found.status, found.attempts, found.error, found.lease_until = "undoing", 0, None, None
    found.fence += 1
    after_commit(nudge, "run_imports")


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
    if problem := problem_of(found.mapping, found.columns, found.dedupe):
        raise Refused(problem)
    found.status, found.rows_done, found.attempts, found.error = status, 0, 0, None
    found.created = found.updated = found.unchanged = found.skipped = found.refused = found.opted_out = 0
    found.lease_until = found.finished_at = None
    found.fence += 1
    for each in (ContactImportRow, ContactImportLink):
        db.session.execute(sa.delete(each).where(each.import_id == found.id))
    db.session.flush()
    after_commit(nudge, "run_imports")


def sweep() -> None:
    """Delete the files of imports nobody went on with for a week, and what undoing needs where it is too late for that."""
    before = clock.now() - timedelta(days=7)
    left = sa.select(ContactImport).where(ContactImport.created_at < before, ContactImport.status.not_in(WORKING))
    for found in db.session.scalars(left):
        path_of(found).unlink(missing_ok=True)
    late = sa.select(ContactImport.id).where(ContactImport.finished_at < clock.now() - UNDO_WITHIN)
    for each in (ContactImportBatch, ContactImportKept):
        db.session.execute(
            sa.delete(each).where(each.import_id.in_(late)), execution_options={"synchronize_session": False}
        )


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


def named_mapping(found: ContactImport, wanted: Mapping[str, str]) -> dict[str, str]:
    """The mapping with some headings told by name: heading → field, an empty field leaves it out. Raises Refused."""
    mapping = dict(found.mapping)
    for heading, field in wanted.items():
        if heading not in found.columns:
            raise Refused(f"There is no column “{heading}”. There are: {', '.join(found.columns)}.")
        if field and field not in fields():
            raise Refused(f"There is no field “{field}”. There are: {', '.join(fields())}.")
        index = str(found.columns.index(heading))
        mapping = {key: value for key, value in mapping.items() if value != field and key != index}
        if field:
            mapping[index] = field
    return mapping
