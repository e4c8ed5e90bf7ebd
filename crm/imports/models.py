"""An import, and the rows of its file that are worth showing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.database import Identified, Model, Numbered, reference
from crm.lib import clock
from crm.lib.csv_files import Layout
from crm.users.models import User

STATUSES = {
    "uploaded": "Waiting for its columns",
    "checking": "Being checked",
    "checked": "Checked, not imported yet",
    "running": "Being imported",
    "done": "Imported",
    "stopped": "Stopped",
    "failed": "Failed",
    "undoing": "Being undone",
    "undone": "Undone",
}
WORKING = ("checking", "running", "undoing")
UNDO_WITHIN = timedelta(days=30)
DEDUPE = {"email": "Email", "phone": "Phone", "external_id": "External ID"}
"""What a row and a contact are the same person by."""
EXISTING = {
    "fill": "Fill in what is empty",
    "overwrite": "Replace with what the file says",
    "skip": "Leave them as they are",
}
OUTCOMES = {
    "created": "New",
    "updated": "Changed",
    "unchanged": "Unchanged",
    "skipped": "Skipped",
    "refused": "Refused",
}


class ContactImport(Numbered, Model):
    """One file on its way in. `rows_done` is the checkpoint: rows of the file dealt with in the present pass."""

    __tablename__ = "contact_imports"

    file_name: Mapped[str] = mapped_column(sa.String(255))
    stored_as: Mapped[str] = mapped_column(sa.String(64))
    encoding: Mapped[str] = mapped_column(sa.String(20))
    delimiter: Mapped[str] = mapped_column(sa.String(1))
    has_header: Mapped[bool] = mapped_column(default=True)
    columns: Mapped[list[Any]] = mapped_column(default=list)
    lines: Mapped[int] = mapped_column(default=0)
    mapping: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Column index, as text, to the field it fills."""
    tag_ids: Mapped[list[Any]] = mapped_column(default=list)
    existing: Mapped[str] = mapped_column(sa.String(12), default="fill")
    dedupe: Mapped[str] = mapped_column(sa.String(12), default="email")
    headings: Mapped[str | None] = mapped_column(sa.String(64), index=True)
    """What the set of headings is known by; none for a file without."""
    is_described: Mapped[bool] = mapped_column(default=False)
    """Whether somebody has said what the columns mean: remembered for the next file with the same headings."""
    day_first: Mapped[bool | None]
    country: Mapped[str | None] = mapped_column(sa.String(2))
    """Where phone numbers without a country code were dialled."""
    consent_note: Mapped[str] = mapped_column(sa.String(300), default="", server_default="")
    """Where the new contacts' consent to marketing comes from, kept as proof; empty if that is not known."""
    asks_confirmation: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    status: Mapped[str] = mapped_column(sa.String(12), default="uploaded", index=True)
    rows_total: Mapped[int | None]
    rows_done: Mapped[int] = mapped_column(default=0)
    created: Mapped[int] = mapped_column(default=0)
    updated: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    opted_out: Mapped[int] = mapped_column(default=0, server_default="0")
    """Rows that say their person wants no marketing email, whatever else became of them."""
    error: Mapped[str | None] = mapped_column(sa.String(500))
    attempts: Mapped[int] = mapped_column(default=0)
    fence: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    created_by: Mapped[int | None] = reference("users.id", on_delete="SET NULL", index=True)
    is_unattended: Mapped[bool] = mapped_column(default=False)
    """Run from the command line, by nobody in particular."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    finished_at: Mapped[datetime | None]

    removed: Mapped[int] = mapped_column(default=0)
    restored: Mapped[int] = mapped_column(default=0)
    kept: Mapped[int] = mapped_column(default=0)
    """What undoing did: new contacts taken out, changed ones given back what they had, new ones that stay."""

    creator: Mapped[User | None] = relationship()

    @property
    def layout(self) -> Layout:
        """How the file is written."""
        return Layout(self.encoding, self.delimiter, self.has_header, self.columns, self.lines)

    @property
    def is_working(self) -> bool:
        return self.status in WORKING

    def can_be_undone(self, now: datetime) -> bool:
        """Whether it wrote something, and that is not too long ago."""
        is_over = self.status in {"done", "stopped", "failed"} and bool(self.created or self.updated or self.unchanged)
        return is_over and now - (self.finished_at or self.created_at) < UNDO_WITHIN

    @property
    def status_label(self) -> str:
        return STATUSES[self.status]

    @property
    def expected_rows(self) -> int:
        """How many rows there are; before the first pass has counted them, at most how many."""
        return self.rows_total or max(self.lines - self.has_header, self.rows_done)

    @property
    def counts(self) -> list[tuple[str, str, int]]:
        """Outcome, its label and how many rows came to it."""
        return [(key, label, getattr(self, key)) for key, label in OUTCOMES.items()]


class ContactImportRow(Identified, Model):
    """A row to show: every refused or skipped one, and in the dry run a few of the others."""

    __tablename__ = "contact_import_rows"

    import_id: Mapped[int] = reference("contact_imports.id", on_delete="CASCADE")
    line: Mapped[int]
    outcome: Mapped[str] = mapped_column(sa.String(12))
    problems: Mapped[list[Any]] = mapped_column(default=list)
    """For each thing wrong: column, value and reason. For a changed contact: field, old and new."""
    cells: Mapped[list[Any]] = mapped_column(default=list)

    __table_args__ = (
        sa.UniqueConstraint("import_id", "line"),
        sa.Index("ix_contact_import_rows", "import_id", "outcome", "line"),
    )


class ContactImportBatch(Identified, Model):
    """What a batch of rows wrote, for undoing: deleted when it was undone, or when it is too late for that.

    `created` are stretches of ids, `[[first, last], …]`; `changed` is `[[contact, {column: [old, new]}], …]`; `tagged` is `[[tag, stretches], …]`.
    """

    __tablename__ = "contact_import_batches"

    import_id: Mapped[int] = reference("contact_imports.id", on_delete="CASCADE", index=True)
    created: Mapped[list[Any]] = mapped_column(default=list)
    changed: Mapped[list[Any]] = mapped_column(default=list)
    tagged: Mapped[list[Any]] = mapped_column(default=list)


class ContactImportLink(Identified, Model):
    """A row that points at somebody who was not among the contacts yet: looked for again when all rows are done."""

    __tablename__ = "contact_import_links"

    import_id: Mapped[int] = reference("contact_imports.id", on_delete="CASCADE", index=True)
    line: Mapped[int]
    contact_id: Mapped[int | None] = reference("contacts.id", on_delete="CASCADE", index=True)
    column: Mapped[str] = mapped_column(sa.String(20))
    text: Mapped[str] = mapped_column(sa.String(255))


class ContactImportKept(Model):
    """A contact the import made who stays when it is undone, and why."""

    __tablename__ = "contact_import_kept"

    import_id: Mapped[int] = reference("contact_imports.id", on_delete="CASCADE", primary_key=True)
    contact_id: Mapped[int] = reference("contacts.id", on_delete="CASCADE", primary_key=True, index=True)
    reason: Mapped[str] = mapped_column(sa.String(255))
