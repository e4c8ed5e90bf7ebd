"""Rows of people whom nobody knows yet, column by column, as they are written: made where the file is read, so that whoever writes them need not look at each."""

from __future__ import annotations

import marshal
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crm.imports.rows import Row, RowReader, identity_without_email


@dataclass(slots=True)
class Newcomers:
    """The same place in each list is the same person. `columns`: by column of contacts, or own field, those that the file fills."""

    columns: dict[str, list[Any]]
    sort_names: list[str]
    searched: list[str]
    alone: list[tuple[str | None, str]]
    """Of those without an address, number and name."""

    def __len__(self) -> int:
        return len(self.sort_names)

    @property
    def emails(self) -> list[str]:
        """The addresses they have."""
        return [each for each in self.columns.get("email", ()) if each]

    @property
    def identities(self) -> set[str]:
        """What those without an address are known by."""
        return {identity_without_email(*each) for each in self.alone}


def newcomers(rows: Sequence[Row], fills: Iterable[str], given: Mapping[str, Any]) -> Newcomers:
    """These rows, of a file that fills these columns. `given` is what they have of which the file does not say it."""
    values = [row.values for row in rows]
    return Newcomers(
        {
            name: [each.get(name, missing) for each in values]
            for name, missing in ((name, given.get(name)) for name in sorted(fills))
        },
        [row.sort_name for row in rows],
        [row.searched for row in rows],
        [(row.values.get("phone"), row.sort_name) for row in rows if not row.values.get("email")],
    )


class Batch:
    """Rows that follow each other in a file.

    `new` is whom they bring in if they say nothing but what a contact is: for whoever finds out that nobody knows these. Then the rows themselves
    are not needed, but for those `left_out` before. To another process they go as the file has them, which is less, and are read again if need be.
    """

    def __init__(self, left_out: list[Row], new: Newcomers | None, rows: Sequence[Row] | bytes) -> None:
        self.left_out, self.new, self._rows = left_out, new, rows

    def rows(self, reader: RowReader) -> Sequence[Row]:
        """All of them, by the reader they were read with."""
        if not isinstance(self._rows, bytes):
            return self._rows
        known = {row.line: row for row in self.left_out}
        packed = marshal.loads(self._rows)  # noqa: S302  by the reader that this process started
        return [known.get(line) or reader.read((line, cells, None)) for line, cells in packed]

    def __reduce__(self) -> tuple[type[Batch], tuple[Any, ...]]:
        rows = (
            self._rows
            if isinstance(self._rows, bytes)
            else marshal.dumps([(row.line, row.cells) for row in self._rows])
        )
        return Batch, (self.left_out, self.new, rows)


def batch_of(rows: Sequence[Row], fills: Iterable[str], given: Mapping[str, Any]) -> Batch:
    """The rows as a batch; for `fills` and `given` see `newcomers`."""
    is_plain = all(row.is_plain for row in rows)
    new = newcomers([row for row in rows if not row.outcome], fills, given) if is_plain else None
    return Batch([row for row in rows if row.outcome], new, rows)
