"""What a bench yields, and how it takes time."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Flask

from crm import create_app, schema


@dataclass(frozen=True)
class Figure:
    """A measured value and the bare yardstick of the same run, in the same unit. `ratio` is value over yardstick."""

    name: str
    value: float
    unit: str
    yardstick: float
    beside: str
    """What the yardstick is, in words."""

    @property
    def ratio(self) -> float:
        return self.value / self.yardstick if self.yardstick else 0.0

    def as_text(self) -> str:
        """A line for people."""
        return (
            f"{self.name}: {self.value:,.2f} {self.unit}; {self.beside}: {self.yardstick:,.2f}; ratio {self.ratio:.2f}"
        )

    def as_json(self) -> str:
        """A line for programs."""
        names = ("name", "value", "unit", "yardstick", "ratio")
        return json.dumps({name: getattr(self, name) for name in names})


def milliseconds(work: Callable[[], object], times: int = 40) -> float:
    """The median time of one call, after two calls that do not count."""
    work()
    work()
    return statistics.median(seconds(work) for _ in range(times)) * 1000


def in_turns(one: Callable[[], object], other: Callable[[], object], times: int = 40) -> tuple[float, float]:
    """The median times of two calls in milliseconds, taken in turns, so that what else the machine does weighs on both alike."""
    for work in (one, other, one, other):
        work()
    pairs = [(seconds(one), seconds(other)) for _ in range(times)]
    return statistics.median(each[0] for each in pairs) * 1000, statistics.median(each[1] for each in pairs) * 1000


def per_second(count: int, work: Callable[[], object]) -> float:
    """How many of `count` things a second, when `work` does them all."""
    return count / seconds(work)


def seconds(work: Callable[[], object]) -> float:
    """The time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


@contextmanager
def fresh_app(**overrides: object) -> Iterator[Flask]:
    """An app on an empty database in a folder that goes away, within its context."""
    with TemporaryDirectory(prefix="cohort-bench-") as folder:
        app = create_app(Path(folder), WTF_CSRF_ENABLED=False, **overrides)
        schema.upgrade(app)
        with app.app_context():
            yield app
