"""Segments: a tag, a stage and “opened within 30 days”, asked by the condition compiler and by hand-written SQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from datetime import timedelta

import sqlalchemy as sa
from flask import Flask

from bench.figures import Figure, fresh_app, in_turns, milliseconds
from crm.conditions.compiler import compile_condition
from crm.conditions.queries import CAP, count_up_to
from crm.contacts.models import Contact
from crm.database import commit, db, reading
from crm.demo.people import add_contacts
from crm.lib import clock
from crm.tags.operations import create_tag

CONTACTS, ACTIVITIES = 1_000_000, 10_000_000
SEGMENT = {
    "match": "all",
    "conditions": [
        {"field": "tags", "operator": "contains", "value": "interested"},
        {"field": "lifecycle_stage", "operator": "equals", "value": "lead"},
        {"field": "last_email_opened", "operator": "between", "value": {"last": 30, "unit": "days"}},
    ],
}
BY_HAND = (
    "SELECT count(*) FROM contacts WHERE last_email_opened_at >= :since AND lifecycle_stage = 'lead'"
    " AND id IN (SELECT contact_id FROM contact_taggings WHERE tag_id = :tag)",
    "SELECT count(*) FROM contacts INDEXED BY ix_contacts_last_email_opened_at WHERE last_email_opened_at >= :since"
    " AND lifecycle_stage = 'lead' AND +id IN (SELECT contact_id FROM contact_taggings WHERE tag_id = :tag)",
    "SELECT count(*) FROM contact_taggings t CROSS JOIN contacts c ON c.id = t.contact_id"
    " WHERE t.tag_id = :tag AND c.last_email_opened_at >= :since AND c.lifecycle_stage = 'lead'",
    "SELECT count(*) FROM contacts c CROSS JOIN contact_taggings t ON t.tag_id = :tag AND t.contact_id = c.id"
    " WHERE c.last_email_opened_at >= :since AND c.lifecycle_stage = 'lead'",
)
"""Ways to ask the same; the quickest is the yardstick."""


def run() -> Iterator[Figure]:
    """Everyone in the segment counted, and counted as the builder does it, up to its cap; in turns with the best by hand."""
    with fresh_app() as app:
        by_hand = _best_by_hand(app, _fill())
        size = f"at {CONTACTS:,} contacts and {ACTIVITIES:,} activities"
        with reading():
            took, best = in_turns(_count_all, by_hand, 20)
            yield Figure(f"a segment of three conditions {size}", took, "ms", best, "best hand-written SQL")
            took, best = in_turns(_count_some, by_hand, 20)
            yield Figure(f"the same up to {CAP:,}, as a page counts", took, "ms", best, "counted in full by hand")


def _count_all() -> int:
    matches = compile_condition(SEGMENT)
    return db.session.scalar(sa.select(sa.func.count()).select_from(Contact).where(matches)) or 0


def _count_some() -> int:
    return count_up_to(compile_condition(SEGMENT))


def _best_by_hand(app: Flask, tag: int) -> Callable[[], object]:
    """Asks in the quickest of the ways; all give the same answer."""
    bare = sqlite3.connect(app.config["INSTANCE_PATH"] / "crm.db")
    bare.execute("PRAGMA cache_size = -65536")
    midnight = (clock.now() - timedelta(days=30)).replace(hour=0, minute=0, second=0, microsecond=0)
    given = {"tag": tag, "since": midnight.replace(tzinfo=None).isoformat(" ", "microseconds")}
    counts = {bare.execute(query, given).fetchone()[0] for query in BY_HAND} | {_count_all()}
    db.session.rollback()
    assert len(counts) == 1, f"the answers differ: {counts}"
    ways = [lambda query=query: bare.execute(query, given).fetchone() for query in BY_HAND]
    return min(ways, key=lambda way: milliseconds(way, 5))


def _fill() -> int:
    """A tenth wears the tag, a twelfth opened an email lately; the id of the tag."""
    add_contacts(CONTACTS)
    tag = create_tag("Interested").id
    now = clock.now().replace(tzinfo=None)
    opened = "strftime('%Y-%m-%d %H:%M:%f', :now, '-' || (id * 7919 % 31536000) || ' seconds') || '000'"
    statements = (
        "INSERT INTO contact_taggings (tag_id, contact_id, tagged_at)"
        " SELECT :tag, id, :now FROM contacts WHERE id * 2654435761 % 10 = 3",
        f"UPDATE contacts SET last_email_opened_at = {opened}",  # noqa: S608
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :many)"
        " INSERT INTO contact_activities (contact_id, activity_type, title, metadata, actor, depth, created_at,"
        " dispatched_at, dispatch_attempts) SELECT 1 + i * 7919 % :people, 'email_opened', 'Email opened', '{}', '', 0,"
        " :now, :now, 0 FROM n",
        "ANALYZE",
    )
    for each in statements:
        given = {"tag": tag, "now": now.isoformat(" "), "many": ACTIVITIES, "people": CONTACTS}
        db.session.execute(sa.text(each), {name: value for name, value in given.items() if f":{name}" in each})
        commit()
    return tag
