"""Importing contacts from CSV: both programs started anew, on the same file, each into an empty database."""

from __future__ import annotations

import csv
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.figures import Figure
from crm import create_app, schema
from crm.demo.people import contact_rows
from crm.lib import clock

ROWS = 1_000_000
LIMIT = 300
"""Megabytes that an import may take, however many rows it has."""
COLUMNS = ("first_name", "last_name", "email", "phone", "country", "city", "language", "source", "birthday", "lifecycle_stage")  # fmt: skip


def run(rows: int = ROWS) -> Iterator[Figure]:
    """Rows a second with validation, dedupe, search index and activities, beside `sqlite-utils insert --csv`; and the memory it takes."""
    with TemporaryDirectory(prefix="cohort-bench-") as folder:
        file = Path(folder) / "contacts.csv"
        _write(file, rows)
        schema.upgrade(create_app(Path(folder)))
        ours, memory = _timed("crm.cli", "import", "contacts", str(file), INSTANCE_PATH=folder)
        bare, _ = _timed("sqlite_utils", "insert", str(Path(folder) / "bare.db"), "contacts", str(file), "--csv")
    yield Figure(f"import of {rows:,} contacts", rows / ours, "rows/s", rows / bare, "sqlite-utils insert --csv")
    if memory:  # where /proc tells it
        yield Figure(f"memory of an import of {rows:,} contacts", memory, "MB", LIMIT, "the most it may take")


def _write(file: Path, rows: int) -> None:
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(COLUMNS)
        for row in contact_rows(1, rows, random.Random(2), (), clock.now()):  # noqa: S311
            phone = f"+4915{20_000_000 + row['id']}" if row["phone"] else ""
            writer.writerow([phone if name == "phone" else row[name] for name in COLUMNS])


def _timed(module: str, *arguments: str, **environment: str) -> tuple[float, float]:
    """Seconds that the program takes, its start included, and megabytes, with those of the processes it starts."""
    command = [sys.executable, "-m", module, *arguments]
    start = time.perf_counter()
    with subprocess.Popen(
        command,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).parent.parent,
    ) as program:
        most = 0.0
        while program.poll() is None:
            most = max(most, sum(map(_memory, [program.pid, *_children(program.pid)])))
            with suppress(subprocess.TimeoutExpired):
                program.wait(0.2)
    assert program.returncode == 0, f"{module} failed"
    return time.perf_counter() - start, most


def _children(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def _memory(pid: int) -> float:
    """Megabytes; of those shared with others its part."""
    with suppress(OSError):
        found = re.search(r"^Pss: +(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
        return int(found[1]) / 1024 if found else 0
    return 0
