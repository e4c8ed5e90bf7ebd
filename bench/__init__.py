"""Measurements: one file per claim, each figure beside a bare yardstick of the same run.

Run with `cohort bench [NAME] [--json]`. A bench is a function that yields figures; it makes its own database in a
temporary folder, sends traffic to this machine only, and stops by itself.
"""

from collections.abc import Iterator
from pkgutil import resolve_name

from bench.figures import Figure

BENCHES = {
    "contacts": "bench.contacts:run",
    "segments": "bench.segments:run",
    "search": "bench.search:run",
    "import": "bench.imports:run",
    "bulk-tag": "bench.bulk_tag:run",
    "engine": "bench.engine:run",
    "tracking": "bench.tracking:run",
    "email": "bench.email:run",
    "broadcasts": "bench.broadcasts:run",
    "email-memory": "bench.email:memory",
}
"""By name, where its function is: who only wants to run a command need not load them all."""


def figures_of(name: str) -> Iterator[Figure]:
    """Take the measurements of one of BENCHES."""
    yield from resolve_name(BENCHES[name])()


__all__ = ["BENCHES", "Figure", "figures_of"]
