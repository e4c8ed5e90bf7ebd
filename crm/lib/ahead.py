"""Making the next thing while the last one is used."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
TURN = 0.0005
"""Seconds after which a thread of Python makes room for another that waits; five milliseconds are usual."""


def ahead(things: Iterator[T]) -> Iterator[T]:
    """The same things, each made by a thread while the one before is used. At most one waits; what making one raises is raised here.

    It pays where using them waits for a database or a server, and making them does neither. Threads take shorter turns meanwhile, so
    that whoever uses them does not wait five milliseconds after each short statement, but reaches the long ones, during which the
    other thread has Python to itself.
    """
    usual = sys.getswitchinterval()
    sys.setswitchinterval(TURN)
    try:
        with ThreadPoolExecutor(1) as thread:
            end = object()
            coming = thread.submit(next, things, end)
            while (thing := coming.result()) is not end:
                coming = thread.submit(next, things, end)
                yield thing  # type: ignore[misc]
    finally:
        sys.setswitchinterval(usual)
