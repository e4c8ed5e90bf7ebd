"""Tagging a hundred thousand contacts at once, with an activity for each and every listener run, beside a raw INSERT … SELECT."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import sqlalchemy as sa

from bench.figures import Figure, fresh_app, seconds
from crm.activity.dispatcher import dispatch
from crm.activity.vocabulary import SYSTEM
from crm.bulk.runs import BATCH
from crm.contacts.models import Contact
from crm.database import commit, db, table_of
from crm.demo.people import add_contacts
from crm.tags.models import Tag
from crm.tags.operations import create_tag, tag_contacts

CONTACTS = 100_000
RAW = "INSERT INTO contact_taggings (tag_id, contact_id, tagged_at) SELECT ?, id, '2026-01-01 00:00:00.000000' FROM contacts"


def run(count: int = CONTACTS) -> Iterator[Figure]:
    """Seconds for the whole list, in the batches the worker takes, until every listener has heard of it."""
    with fresh_app() as app:
        add_contacts(count)
        tag, other_id = create_tag("Bench"), create_tag("Raw").id
        commit()
        ours = seconds(lambda: _tag_all(tag))
        bare = sqlite3.connect(app.config["INSTANCE_PATH"] / "crm.db")
        raw = seconds(lambda: _insert(bare, other_id))
        bare.close()
    yield Figure(f"bulk tag of {count:,} contacts", ours, "s", raw, "raw INSERT … SELECT")


def _tag_all(tag: Tag) -> None:
    ids = db.session.connection().scalars(sa.select(table_of(Contact).c.id)).all()
    for start in range(0, len(ids), BATCH):
        tag_contacts(tag, ids[start : start + BATCH], SYSTEM)
        commit()
    while dispatch():
        pass


def _insert(bare: sqlite3.Connection, tag_id: int) -> None:
    bare.execute(RAW, (tag_id,))
    bare.commit()
