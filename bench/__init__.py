"""Measurements: one file per claim, each figure beside a bare yardstick of the same run.

Run with `cohort bench [NAME] [--json]`. A bench is a function that yields figures; it makes its own database in a
temporary folder, sends traffic to this machine only, and stops by itself.
"""

from bench import broadcasts, bulk_tag, contacts, email, engine, imports, search, segments, tracking
from bench.figures import Figure

BENCHES = {
    "contacts": contacts.run,
    "segments": segments.run,
    "search": search.run,
    "import": imports.run,
    "bulk-tag": bulk_tag.run,
    "engine": engine.run,
    "tracking": tracking.run,
    "email": email.run,
    "broadcasts": broadcasts.run,
    "email-memory": email.memory,
}

__all__ = ["BENCHES", "Figure"]
