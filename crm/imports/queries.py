"""Questions about imports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import sqlalchemy as sa

from crm.contacts.models import Contact
from crm.database import db
from crm.imports.models import ContactImport, ContactImportKept, ContactImportLink, ContactImportRow
from crm.lib.csv_files import Layout, records
from crm.users.models import User


def visible_imports(viewer: User) -> sa.Select[tuple[ContactImport]]:
    """The imports this viewer may see, newest first: agents see their own, since rows hold people's data."""
    found = sa.select(ContactImport).order_by(ContactImport.id.desc())
    return found.where(ContactImport.created_by == viewer.id) if viewer.sees_assigned_only else found


def remembered(found: ContactImport) -> ContactImport | None:
    """The last import whose file had the same headings and whose columns somebody explained, as far as its creator may see it."""
    if not found.headings:
        return None
    viewer = db.session.get(User, found.created_by) if found.created_by else None
    before = visible_imports(viewer) if viewer else sa.select(ContactImport).order_by(ContactImport.id.desc())
    return db.session.scalar(
        before.where(ContactImport.headings == found.headings, ContactImport.is_described).limit(1)
    )


def unlinked(found: ContactImport, limit: int) -> Sequence[ContactImportLink]:
    """Rows that point at nobody known, in the order of the file."""
    rows = sa.select(ContactImportLink).where(ContactImportLink.import_id == found.id)
    return db.session.scalars(rows.order_by(ContactImportLink.line).limit(limit)).all()


def unlinked_count(found: ContactImport) -> int:
    """How many rows point at nobody known."""
    return db.session.scalar(sa.select(sa.func.count()).where(ContactImportLink.import_id == found.id)) or 0


def kept_contacts(found: ContactImport, limit: int) -> Sequence[tuple[Contact, str]]:
    """Contacts who stayed when the import was undone, each with the reason."""
    kept = sa.select(Contact, ContactImportKept.reason).join(
        ContactImportKept, ContactImportKept.contact_id == Contact.id
    )
    rows = kept.where(ContactImportKept.import_id == found.id).order_by(Contact.id).limit(limit)
    return [(each[0], each[1]) for each in db.session.execute(rows)]


def sample_of(path: Path, layout: Layout, count: int = 50) -> list[list[str]]:
    """The cells of the first rows."""
    return [cells for _, cells, problem in islice(records(path, layout), count) if not problem]


def sample_values(samples: Sequence[Sequence[str]], width: int, count: int = 3) -> list[list[str]]:
    """For each column its first different values that are not empty."""
    found: list[list[str]] = [[] for _ in range(width)]
    for row in samples:
        for index, cell in enumerate(row[:width]):
            value = " ".join(cell.split())[:60]
            if value and len(found[index]) < count and value not in found[index]:
                found[index].append(value)
    return found


def rows_of(found: ContactImport, outcome: str, limit: int, after: int = 0) -> Sequence[ContactImportRow]:
    """Rows of this outcome in the order of the file, from below line `after`."""
    rows = sa.select(ContactImportRow).where(
        ContactImportRow.import_id == found.id, ContactImportRow.outcome == outcome, ContactImportRow.line > after
    )
    return db.session.scalars(rows.order_by(ContactImportRow.line).limit(limit)).all()


def left_out(found: ContactImport) -> Iterator[list[object]]:
    """The refused and skipped rows as they stood in the file, each with line and reason, headings first."""
    width = len(found.columns)
    yield [*found.columns, "Line", "Reason"]
    rows = sa.select(ContactImportRow.line, ContactImportRow.cells, ContactImportRow.problems).where(
        ContactImportRow.import_id == found.id, ContactImportRow.outcome.in_(("refused", "skipped"))
    )
    for line, cells, problems in db.session.execute(rows.order_by(ContactImportRow.line)):
        yield [*cells[:width], *[""] * (width - len(cells)), line, reasons(problems)]


def reasons(problems: Sequence[dict[str, str]]) -> str:
    """What is wrong with a row, in one line."""
    return " ".join(f"{each['column']}: {each['reason']}" if each["column"] else each["reason"] for each in problems)
