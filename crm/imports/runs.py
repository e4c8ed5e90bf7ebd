"""Carrying an import out, batch by batch, each committed with its checkpoint.

Whoever runs an import holds its lease and renews it with every batch; `fence` tells a runner that was overtaken. Killed at any moment, the
next one goes on behind the last batch that was committed.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from crm.contacts.indexing import ToIndex
from crm.database import commit, db, rollback, table_of
from crm.imports import operations
from crm.imports.batches import add, apply, keep_links, words_of
from crm.imports.columns import fields
from crm.imports.ending import link_all
from crm.imports.loading import indexing_at_the_end
from crm.imports.meeting import Rules, are_strangers, note_repeated, sort_out
from crm.imports.models import OUTCOMES, WORKING, ContactImport, ContactImportRow
from crm.imports.newcomers import Batch, Newcomers, batch_of
from crm.imports.preparing import reader_for, rules_for
from crm.imports.rows import Row, RowReader
from crm.imports.seen import Seen
from crm.imports.undoing import undo_batches
from crm.lib import clock
from crm.lib.ahead import ahead
from crm.lib.bulk import execute_many
from crm.lib.csv_files import Record, records
from crm.tags.operations import ensure_tag

IMPORTS = table_of(ContactImport)
LEASE = timedelta(seconds=30)
ATTEMPTS = 5
SAMPLES = 20
Progress = Callable[[int, int], None]


class Overtaken(Exception):
    """The import was stopped, or another process runs it."""


def run(
    import_id: int,
    *,
    seconds: float = 60,
    batch: int = 1000,
    together: int = 0,
    is_gentle: bool = True,
    progress: Progress | None = None,
) -> bool:
    """Go on with the import for about so many seconds; whether anything is left to do.

    Does nothing while somebody else holds it. `is_gentle` rests between batches, so that pages can write too. Batches of people whom nobody
    knows are committed once so many are `together`.
    """
    found = _take(import_id)
    if found is None:
        return False
    try:
        if found.status == "undoing":
            return _undo(found, time.monotonic() + seconds, is_gentle)
        return _work(found, time.monotonic() + seconds, batch, together, is_gentle, progress)
    except Overtaken:
        rollback()
        return False


def import_file(
    path: Path,
    mapping: Mapping[str, str] | None = None,
    *,
    tags: Sequence[str] = (),
    is_dry_run: bool = False,
    existing: str = "fill",
    progress: Progress | None = None,
) -> ContactImport:
    """Import the file now, for the command line. `mapping`: heading → field, over what is guessed; an empty field leaves it out.

    Raises CsvError and operations.Refused in words; OSError when the file cannot be read.
    """
    with path.open("rb") as file:
        found = operations.receive(file, path.name, None)
    fields = operations.named_mapping(found, mapping or {})
    tag_ids = [] if is_dry_run else [ensure_tag(each, operations.COMMAND_LINE).id for each in tags]
    operations.describe(found, fields, tag_ids=tag_ids, existing=existing, country=found.country)
    (operations.check if is_dry_run else operations.start)(found)
    commit()
    with indexing_at_the_end(0 if is_dry_run else found.expected_rows) as together:
        run(found.id, seconds=10**9, batch=3000, together=together, is_gentle=False, progress=progress)
    db.session.refresh(found)
    commit()
    return found


def due() -> Sequence[int]:
    """Imports under way that nobody holds."""
    free = sa.or_(IMPORTS.c.lease_until.is_(None), IMPORTS.c.lease_until < clock.now())
    return db.session.scalars(
        sa.select(IMPORTS.c.id).where(IMPORTS.c.status.in_(WORKING), free).order_by(IMPORTS.c.id)
    ).all()


def _take(import_id: int) -> ContactImport | None:
    """Claim the import, or give it up when it keeps stopping at the same place."""
    now = clock.now()
    free = sa.or_(IMPORTS.c.lease_until.is_(None), IMPORTS.c.lease_until < now)
    claimed = db.session.execute(
        sa.update(IMPORTS)
        .where(IMPORTS.c.id == import_id, IMPORTS.c.status.in_(WORKING), free)
        .values(fence=IMPORTS.c.fence + 1, lease_until=now + LEASE, attempts=IMPORTS.c.attempts + 1)
    )
    commit()
    if not claimed.rowcount:
        return None
    found = db.session.get(ContactImport, import_id, populate_existing=True)
    commit()
    problem = found and _problem_of(found)
    if found and problem:
        _finish(found, "failed", error=problem)
        return None
    return found


def _problem_of(found: ContactImport) -> str | None:
    if found.attempts > ATTEMPTS:
        return f"It stopped {ATTEMPTS} times after row {found.rows_done}. The log says why."
    if found.status != "undoing" and not operations.path_of(found).exists():
        return "The file is no longer there. Upload it again."
    if not found.is_unattended and not (found.creator and found.creator.can("crm.contacts.edit")):
        return "Whoever uploaded this file may no longer add contacts."
    return None


def _work(
    found: ContactImport, until: float, size: int, together: int, is_gentle: bool, progress: Progress | None
) -> bool:
    reader = reader_for(found)
    rules = replace(rules_for(found), fills=reader.fills)
    source = records(operations.path_of(found), found.layout)
    seen, taken = Seen(), Seen()
    for _ in _batches(islice(source, found.rows_done), reader, size, seen):
        pass
    batches = (batch_of(rows, rules.fills, rules.given) for rows in _batches(source, reader, size, seen))
    makes_ahead = not is_gentle and found.status == "running" and found.expected_rows > size
    to_index = ToIndex()
    for batch in ahead(batches) if makes_ahead else batches:
        began = time.monotonic()
        _do_batch(found, batch, taken, reader, rules, to_index)
        if 0 < len(to_index) < together:
            continue
        _commit(found, to_index, progress)
        if time.monotonic() > until:
            _release(found)
            return True
        if is_gentle:
            time.sleep(min(time.monotonic() - began, 0.5))
    if to_index:
        _commit(found, to_index, progress)
    _end(found, (seen, taken), rules)
    return False


def _end(found: ContactImport, seen: Sequence[Seen], rules: Rules) -> None:
    """Look once more for those whom rows point at, now that all are known."""
    is_dry_run = found.status == "checking"
    link_all(found.id, found.existing, rules.actor, seen if is_dry_run else ())
    _finish(found, "checked" if is_dry_run else "done")


def _undo(found: ContactImport, until: float, is_gentle: bool) -> bool:
    """Take back batch by batch, the last first, each committed with what it came to; whether any is left."""
    actor = rules_for(found).actor
    for done in undo_batches(found, replace(actor, name=f"Undo of the i{actor.name[1:]}")):
        began = time.monotonic()
        _update(
            found,
            lease_until=clock.now() + LEASE,
            attempts=0,
            **{key: getattr(found, key) + number for key, number in done().items()},
        )
        commit()
        if time.monotonic() > until:
            _release(found)
            return True
        if is_gentle:
            time.sleep(min(time.monotonic() - began, 0.5))
    _finish(found, "undone")
    return False


def _batches(source: Iterator[Record], reader: RowReader, size: int, seen: Seen) -> Iterator[list[Row]]:
    while rows := [reader.read(record) for record in islice(source, size)]:
        note_repeated(rows, seen)
        yield rows


def _do_batch(
    found: ContactImport, batch: Batch, taken: Seen, reader: RowReader, rules: Rules, to_index: ToIndex
) -> None:
    """In one transaction: the rows, what they caused, and the checkpoint. Who is new may still be `to_index` then."""
    _update(found, lease_until=clock.now() + LEASE, attempts=0)
    is_running = found.status == "running"
    if is_running and batch.new and (ids := _add_strangers(found, batch.new, rules)) is not None:
        to_index.add(ids, batch.new.searched, batch.new.sort_names)
        rows, counts = batch.left_out, Counter(created=len(ids))
    else:
        to_index.write()
        rows, counts = batch.rows(reader), Counter[str]()
        sort_out(rows, taken, rules)
        if is_running:
            apply(found.id, rows, rules)
        keep_links(found.id, rows)
    _keep_rows(found, rows)
    counts.update(row.outcome for row in rows)
    values = {each: getattr(found, each) + counts[each] for each in OUTCOMES}
    values["opted_out"] = found.opted_out + sum(row.opts_out for row in rows)
    _update(found, rows_done=found.rows_done + counts.total(), **values)


def _add_strangers(found: ContactImport, people: Newcomers, rules: Rules) -> Sequence[int] | None:
    """The ids they got; None, and nobody is added, if one of them is known or more is to be known of them."""
    return add(found.id, people, rules) if rules.ask_no_more and are_strangers(people) else None


def _commit(found: ContactImport, to_index: ToIndex, progress: Progress | None) -> None:
    to_index.write()
    commit()
    if progress:
        progress(found.rows_done, found.expected_rows)


def _keep_rows(found: ContactImport, rows: Sequence[Row]) -> None:
    """Those left out, and in a dry run the first few of the others."""
    kept, labels = [], fields()
    shown = {each: getattr(found, each) for each in OUTCOMES}
    is_running = found.status == "running"
    for row in rows:
        shown[row.outcome] += 1
        is_left_out = row.outcome in {"refused", "skipped"}
        if not is_left_out and (is_running or shown[row.outcome] > SAMPLES):
            continue
        problems = row.problems or [
            {"column": labels[key], "value": old, "reason": new} for key, (old, new) in words_of(row).items()
        ]
        cells = [each[:1000] for each in row.cells[: len(found.columns) + 5]]
        kept.append(
            {"import_id": found.id, "line": row.line, "outcome": row.outcome, "problems": problems, "cells": cells}
        )
    if kept:
        execute_many(db.session.connection(), sa.insert(table_of(ContactImportRow)), kept)


def _finish(found: ContactImport, status: str, error: str | None = None) -> None:
    values: dict[str, Any] = {} if error else {"rows_total": found.rows_done}
    finished_at = found.finished_at if status == "undone" else clock.now()
    _update(found, status=status, error=error, lease_until=None, finished_at=finished_at, **values)
    commit()
    if status == "done":
        operations.path_of(found).unlink(missing_ok=True)


def _release(found: ContactImport) -> None:
    _update(found, lease_until=None)
    commit()


def _update(found: ContactImport, **values: Any) -> None:
    """Write to the import, if it is still ours."""
    ours = sa.and_(IMPORTS.c.id == found.id, IMPORTS.c.fence == found.fence, IMPORTS.c.status.in_(WORKING))
    if not db.session.connection().execute(sa.update(IMPORTS).where(ours).values(**values)).rowcount:
        raise Overtaken
    for name, value in values.items():
        sa.orm.attributes.set_committed_value(found, name, value)
