"""Writing rows to a file that is safe to open in a spreadsheet: no cell is ever a formula."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter

from crm.lib.csv_files import write

SHEET = 1_000_000
"""Contacts on one sheet; Excel takes 1,048,576 rows."""
CELL = 32_767
"""Letters in one cell of Excel."""
SAFE = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": True,
}

Chunks = Iterable[list[list[Any]]]
Progress = Callable[[int], None]


def write_csv(path: Path, heading: list[Any], chunks: Chunks, progress: Progress) -> None:
    """The rows as CSV in UTF-8."""
    with path.open("w", encoding="utf-8", newline="") as file:
        for line in write(_counted(heading, chunks, progress)):
            file.write(line)


def write_xlsx(path: Path, heading: list[Any], chunks: Chunks, progress: Progress) -> None:
    """The rows as an Excel file, on as many sheets as they need."""
    with xlsxwriter.Workbook(str(path), {**SAFE, "tmpdir": str(path.parent)}) as book:
        bold, sheet = book.add_format({"bold": True}), None
        for number, cells in enumerate(_counted(heading, chunks, progress, repeat=SHEET)):
            line = number % (SHEET + 1)
            if line == 0:
                sheet = book.add_worksheet("Contacts" if not number else f"Contacts {number // SHEET + 1}")
                sheet.freeze_panes(1, 0)
            _write_line(sheet, line, cells, bold if line == 0 else None)


def _write_line(sheet: Any, line: int, cells: list[Any], style: Any) -> None:
    for column, value in enumerate(cells):
        if isinstance(value, int | float | Decimal):
            sheet.write_number(line, column, value)
        elif value:
            sheet.write_string(line, column, str(value)[:CELL], style)


def _counted(heading: list[Any], chunks: Chunks, progress: Progress, repeat: int = 0) -> Iterator[list[Any]]:
    """The heading and the rows; after each chunk it is told how many there were. `repeat`: the heading again after so many."""
    yield heading
    done = 0
    for rows in chunks:
        for cells in rows:
            if repeat and done and done % repeat == 0:
                yield heading
            yield cells
            done += 1
        progress(done)


WRITERS = {"csv": write_csv, "xlsx": write_xlsx}
