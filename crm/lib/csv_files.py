"""CSV as people have it: any usual encoding, separator and line end, with the line number of every row.

`sniff` finds out how a file is written or raises `CsvError` in words; `records` reads it row by row and never fails:
a row that cannot be read comes with its problem. Written files are safe to open in a spreadsheet.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import IO

DELIMITERS = (",", ";", "\t", "|")
COLUMNS = 500
LINE = 1_000_000
RECORD_LINES = 200
"""The most lines one quoted cell may span; beyond that a quotation mark was left open."""
SAMPLE = 65_536

MAGIC = (
    (b"PK\x03\x04", "This is an Excel or zipped file. Save it as CSV first."),
    (b"\xd0\xcf\x11\xe0", "This is an Excel file. Save it as CSV first."),
    (b"%PDF", "This is a PDF, not a CSV file."),
    (b"\x89PNG", "This is a picture, not a CSV file."),
    (b"GIF8", "This is a picture, not a CSV file."),
    (b"\xff\xd8\xff", "This is a picture, not a CSV file."),
    (b"SQLite format 3", "This is a database, not a CSV file."),
    (b"{\\rtf", "This is a text document, not a CSV file."),
)
_VALUE = re.compile(r"\s*(?:[^@\s]+@[^@\s]+\.[^@\s]+|\+?\d[\d\s().\-/]{4,})\s*")
_NUMBER = re.compile(r"[+-]?[\d\s().,/-]*")
_SEP = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)

Record = tuple[int, list[str], str | None]
"""Line number of its start, cells, and why it cannot be read, if so."""


class CsvError(Exception):
    """A file that cannot be read as a table, in words for the person who chose it."""


@dataclass(frozen=True)
class Layout:
    """How a file is written. `columns` are distinct names, made up where there are no headings."""

    encoding: str
    delimiter: str
    has_header: bool
    columns: list[str]
    lines: int = 0
    """Lines in the file: an upper bound of its rows, cheap to have."""


def sniff(path: Path, has_header: bool | None = None, delimiter: str | None = None) -> Layout:
    """How the file is written; what is given is not guessed."""
    encoding, lines = _encoding(path)
    delimiter = delimiter or _delimiter(path, encoding)
    found = records(path, Layout(encoding, delimiter, False, []))
    line, first, problem = next(found, (0, [], None))
    if problem:
        raise CsvError(f"Line {line} cannot be read: {problem}")
    if not first:
        raise CsvError("The file is empty.")
    if len(first) > COLUMNS:
        raise CsvError(f"It has {len(first):,} columns; {COLUMNS} is the most that can be imported.")
    if has_header is None:
        has_header = not any(_VALUE.fullmatch(cell) for cell in first)
    if has_header and next(found, None) is None:
        raise CsvError("It has headings but no rows.")
    return Layout(encoding, delimiter, has_header, _column_names(first, has_header), lines)


def records(path: Path, layout: Layout) -> Iterator[Record]:
    """Every row below the headings that is not blank, in order. A damaged row costs itself, not the rows after it."""
    with path.open(encoding=layout.encoding, errors="replace", newline="") as file:
        lines = _Lines(file)
        reader = csv.reader(lines, delimiter=layout.delimiter, strict=True)
        is_below = not layout.has_header
        while True:
            lines.begin()
            problem = None
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                problem = _words(error)
                cells = lines.give_back().strip("\r\n")[:LINE].split(layout.delimiter)[:COLUMNS]
            if not any(cells) or (lines.start == 1 and _SEP.fullmatch(layout.delimiter.join(cells))):
                continue
            if is_below:
                yield lines.start, cells, problem
            is_below = True


class _Lines:
    """The lines of a file for the csv reader, remembering those of the current row so that they can be read again."""

    def __init__(self, file: IO[str]) -> None:
        self.file = file
        self.again: deque[str] = deque()
        self.held: list[str] = []
        self.start = 1

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self.again.popleft() if self.again else self.file.readline(LINE)
        if not line:
            raise StopIteration
        self.held.append(line)
        if len(line) == LINE:
            self._skip_rest()
            raise csv.Error("line too long")
        if len(self.held) > RECORD_LINES:
            raise csv.Error("unexpected end of data")
        return line

    def begin(self) -> None:
        """A new row starts here."""
        self.start += len(self.held)
        self.held = []

    def give_back(self) -> str:
        """The first line of the row; the others will be read again as rows of their own."""
        self.again.extendleft(reversed(self.held[1:]))
        self.held = self.held[:1]
        return self.held[0] if self.held else ""

    def _skip_rest(self) -> None:
        while (more := self.file.readline(LINE)) and len(more) == LINE:
            pass


def _words(error: csv.Error) -> str:
    text = str(error)
    if "unexpected end" in text:
        return "A quotation mark opened in this row is never closed."
    if "expected after" in text:
        return "A quotation mark stands where none can be."
    if "field limit" in text or "too long" in text:
        return "It is far too long."
    return "It cannot be read."


def _encoding(path: Path) -> tuple[str, int]:
    """The encoding and the number of lines."""
    with path.open("rb") as file:
        head = file.read(SAMPLE)
    if not head.strip(b"\0 \t\r\n\xef\xbb\xbf\xfe\xff"):
        raise CsvError("The file is empty.")
    for magic, words in MAGIC:
        if head.startswith(magic):
            raise CsvError(words)
    found = _from_marks(head)
    if found is None and _share_of_controls(head) > 0.05:
        raise CsvError("This is no text file. Save the table as CSV (UTF-8) and choose that file.")
    if head.lstrip(codecs.BOM_UTF8).lstrip()[:15].lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        raise CsvError("This is a web page or XML document, not a CSV file.")
    return _from_bytes(path, found)


def _from_marks(head: bytes) -> str | None:
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) / 2
    if odd > 0.4 * half and even < 0.05 * half:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 * half and odd < 0.05 * half else None


def _from_bytes(path: Path, known: str | None) -> tuple[str, int]:
    """UTF-8 unless more than a few bytes contradict it, else the Western Windows code page."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    bad = good = feeds = returns = 0
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            feeds += chunk.count(b"\n")
            returns += chunk.count(b"\r")
            if known is None:
                text = decoder.decode(chunk)
                bad += text.count("\ufffd")
                good += len(chunk) - len(text)
    return known or ("utf-8" if good >= 20 * bad else "cp1252"), max(feeds, returns) + 1


def _share_of_controls(head: bytes) -> float:
    return sum(head.count(byte) for byte in range(32) if byte not in b"\t\n\r\f\x1b") / len(head)


def _delimiter(path: Path, encoding: str) -> str:
    """The separator that cuts the first rows into the same number of cells, the more the better."""
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        sample = file.read(SAMPLE)
    if told := _SEP.match(sample.split("\n", 1)[0]):
        return told[1]
    lines = sample.splitlines(keepends=True)[:60]
    if len(lines) > 1 and len(sample) == SAMPLE:
        lines.pop()
    return max(DELIMITERS, key=lambda each: _fit(lines, each))


def _fit(lines: list[str], delimiter: str) -> tuple[bool, float, int]:
    widths: Counter[int] = Counter()
    try:
        for cells in csv.reader(lines, delimiter=delimiter):
            widths[len(cells)] += any(cells)
    except csv.Error:
        pass
    if not widths.total():
        return False, 0.0, 0
    width, count = widths.most_common(1)[0]
    return width > 1, round(count / widths.total(), 1), width


def _column_names(first: list[str], has_header: bool) -> list[str]:
    names: list[str] = []
    seen: Counter[str] = Counter()
    for number, cell in enumerate(first, 1):
        name = " ".join(cell.replace("\0", "").split())[:80] if has_header else ""
        name = name or f"Column {number}"
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return names


def write(rows: Iterable[Iterable[object]], delimiter: str = ",") -> Iterator[str]:
    """The rows as CSV text, line by line, starting with the mark by which spreadsheets know UTF-8."""
    buffer = StringIO()
    writer = csv.writer(buffer, delimiter=delimiter)
    buffer.write("\ufeff")
    for row in rows:
        writer.writerow([harmless(cell) for cell in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def harmless(value: object) -> str:
    """The cell as text no spreadsheet takes for a formula: an apostrophe before what could be one. Plain numbers stay."""
    text = "" if value is None else str(value).replace("\0", "")
    start = text.lstrip(" \t\r\n\v\f\u00a0\u200b\ufeff\u3000'\"")[:1]
    is_formula = bool(start) and (start in "=+-@|%＝＋－＠" or ord(start) < 32) and not _NUMBER.fullmatch(text)
    return "'" + text if is_formula or text[:1] in "\t\r\n" and text else text
