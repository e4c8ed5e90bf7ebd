"""Putting addresses on the list by hand and from a file, and letting one go again with the reason written down."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from crm.activity.operations import emit
from crm.activity.vocabulary import Actor, AddressReleased
from crm.contacts.models import Contact
from crm.database import commit, db
from crm.delivery.models import Suppression, SuppressionRelease
from crm.delivery.operations import Suppress, suppress, suppress_all
from crm.lib.csv_files import CsvError, Layout, records, sniff

MOST = 200_000
CHUNK = 1000
_ADDRESS = re.compile(r"[^\s@<>,;\"]{1,64}@[^\s@<>,;\"]{1,188}\.[^\s@<>,;\"]{2,}")
_REASON = re.compile(r"reason|why|note|comment|grund|motivo|raison", re.IGNORECASE)


class Refused(Exception):
    """What was asked for cannot be, in words."""


@dataclass(frozen=True)
class Taken:
    """What a file brought."""

    new: int
    known: int
    unreadable: int


def check_address(address: str) -> None:
    """Raise ValueError, in words, for what is no address."""
    if not _ADDRESS.fullmatch(address.strip()):
        raise ValueError("Write an email address, such as carla@example.com.")


def add_by_hand(address: str, reason: str, by: Actor) -> bool:
    """Send nothing to this address any more; whether that was new."""
    return suppress(address.strip(), reason or "Added by hand.", kind="manual", source=by.name)


def take_file(path: Path, name: str, by: Actor) -> Taken:
    """Put every address of a CSV file on the list, in many small transactions. Raises CsvError in words."""
    layout = sniff(path)
    if layout.lines > MOST:
        raise CsvError(f"It has {layout.lines:,} lines; {MOST:,} is the most at a time.")
    column, note = _columns(path, layout)
    new = known = unreadable = 0
    batch: list[Suppress] = []
    for found in _read(path, layout, column, note):
        if found is None:
            unreadable += 1
            continue
        batch.append(Suppress(found[0], found[1] or f"In {name}", "import", by.name))
        if len(batch) == CHUNK:
            new, known = _kept(batch, new, known)
            batch = []
    new, known = _kept(batch, new, known)
    return Taken(new, known, unreadable)


def release(found: Suppression, why: str, by: Actor, *, is_sure: bool = False) -> None:
    """Write to this address again. Raises Refused without a reason, or for a complaint that nobody vouches for."""
    if not why.strip():
        raise Refused("Say why it may be written to again.")
    if found.kind == "complaint" and not is_sure:
        raise Refused("This person reported your email as spam. Confirm that they asked for it again themselves.")
    db.session.add(
        SuppressionRelease(
            channel=found.channel,
            address=found.address,
            kind=found.kind,
            reason=found.reason,
            why=why.strip()[:255],
            released_by=by.user_id,
        )  # fmt: skip
    )
    contact = db.session.scalar(sa.select(Contact).where(Contact.email == found.address).limit(1))
    db.session.delete(found)
    db.session.flush()
    if contact is not None:
        emit(AddressReleased(contact_id=contact.id, why=why.strip()[:255], by=by))


def _kept(batch: list[Suppress], new: int, known: int) -> tuple[int, int]:
    added = suppress_all(batch)
    commit()
    return new + added, known + len(batch) - added


def _columns(path: Path, layout: Layout) -> tuple[int, int | None]:
    """The column with the addresses, and the one with reasons if there is one."""
    counts = [0] * max(len(layout.columns), 1)
    for number, (_, cells, _problem) in enumerate(records(path, layout)):
        for at, cell in enumerate(cells[: len(counts)]):
            counts[at] += bool(_ADDRESS.fullmatch(cell.strip()))
        if number > 200:
            break
    if not any(counts):
        raise CsvError("No column of it holds email addresses.")
    best = counts.index(max(counts))
    notes = (at for at, name in enumerate(layout.columns) if at != best and _REASON.search(name))
    return best, next(notes, None)


def _read(path: Path, layout: Layout, column: int, note: int | None) -> Iterator[tuple[str, str] | None]:
    for _, cells, problem in records(path, layout):
        cell = cells[column].strip() if column < len(cells) else ""
        if problem or not _ADDRESS.fullmatch(cell):
            yield None
        else:
            yield cell, cells[note].strip() if note is not None and note < len(cells) else ""
