"""Importing contacts from CSV: both programs started anew, on the same file, each into an empty database."""

from __future__ import annotations

import csv
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.figures import Figure
from crm import create_app, schema
from crm.demo.people import contact_rows
from crm.lib import clock

ROWS = 100_000
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
    yield Figure(f"memory of an import of {rows:,} contacts", memory, "MB", LIMIT, "the most it may take")


def _write(file: Path, rows: int) -> None:
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(COLUMNS)
        for row in contact_rows(1, rows, random.Random(2), (), clock.now()):  # noqa: S311
            phone = f"+4915{20_000_000 + row['id']}" if row["phone"] else ""
            writer.writerow([phone if name == "phone" else row[name] for name in COLUMNS])


def _timed(module: str, *arguments: str, **environment: str) -> tuple[float, float]:
    """Seconds and megabytes that the program takes, its start included."""
    command = [sys.executable, "-m", module, *arguments]
    start = time.perf_counter()
    with subprocess.Popen(
        command,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).parent.parent,
    ) as program:
        _, status, usage = os.wait4(program.pid, 0)
        program.returncode = os.waitstatus_to_exitcode(status)
    assert program.returncode == 0, f"{module} failed"
    return time.perf_counter() - start, usage.ru_maxrss / 1024
