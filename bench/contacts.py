"""The contact list: as quick at a million contacts as at a thousand, in every order, under every filter, at any depth."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from bench.figures import Figure, fresh_app, in_turns, milliseconds
from crm.contacts.models import Contact
from crm.contacts.orders import SORTS
from crm.database import commit, db
from crm.demo.people import add_contacts
from crm.lib.keyset import Cursor
from crm.tags.operations import create_tag
from crm.users.operations import create_user, open_session

SIZES = (1_000, 1_000_000)
DEEP = 1_000
"""This page is looked at, or the middle one where there are fewer."""
PAGES = {
    "first page": "",
    **{f"by {sort.label.lower()}, {way}": f"sort={sign}{key}" for key, sort in SORTS.items() for sign, way in (("", "up"), ("-", "down"))},
    "of a stage": "stage=lead",
    "of a stage by name": "stage=lead&sort=name",
    "of nobody's": "owner=none",
    "of a tag half of them wear": "tag=half",
    "of a tag few wear": "tag=few",
    "of a tag few wear by name": "tag=few&sort=name",
    "search": "q=mari",
    "search within a tag and a stage": "q=mari&tag=half&stage=lead",
}  # fmt: skip
BARE = {
    "first page": ("", "SELECT * FROM contacts ORDER BY created_at DESC, id DESC LIMIT 50"),
    "search": (
        "q=mari",
        "SELECT * FROM contacts WHERE id IN (SELECT rowid FROM contacts_search"
        " WHERE contacts_search MATCH '\" ma\" AND mar AND ari' AND +text LIKE '% mari%' ORDER BY rowid DESC LIMIT 50)",
    ),
}
"""Pages whose rows bare sqlite3 fetches too: the address, and the query."""
TAGGED = "INSERT INTO contact_taggings (tag_id, contact_id, tagged_at) SELECT :tag, id, created_at FROM contacts WHERE id % :each = 0"


def run(sizes: tuple[int, int] = SIZES) -> Iterator[Figure]:
    """Server time of the first page and a search beside bare sqlite3, then of every page at the larger size beside the smaller."""
    with ExitStack() as both:
        schools = [_school(both, size) for size in sizes]
        for school, size in zip(schools, sizes, strict=True):
            yield from _beside_bare(school, size)
        for name, query in {**PAGES, f"page {DEEP:,}": "at={deep}"}.items():
            pages = [page_of(each.client, f"/contacts?{query.format(deep=each.deep)}") for each in schools]
            before, took = in_turns(*pages)
            yield Figure(f"contacts {name} at {sizes[1]:,}", took, "ms", before, f"the same at {sizes[0]:,}")


def _beside_bare(school: School, size: int) -> Iterator[Figure]:
    bare = sqlite3.connect(school.path)
    for name, (address, query) in BARE.items():
        took = milliseconds(page_of(school.client, f"/contacts?{address}"))
        yield Figure(f"contacts {name} at {size:,}", took, "ms", milliseconds(_rows(bare, query)), "bare sqlite3")
    bare.close()


@dataclass(frozen=True)
class School:
    """A filled database: its file, somebody signed in, and the cursor of a page deep down."""

    path: Path
    client: FlaskClient
    deep: str


def _school(both: ExitStack, size: int) -> School:
    app = both.enter_context(fresh_app())
    _fill(size)
    return School(app.config["INSTANCE_PATH"] / "crm.db", signed_in(app), _deep(size))


def _fill(size: int) -> None:
    add_contacts(size)
    for name, each in (("Half", 2), ("Few", min(size // 60, 300))):
        db.session.execute(sa.text(TAGGED), {"tag": create_tag(name).id, "each": each})
    commit()
    db.session.execute(sa.text("ANALYZE"))
    commit()


def _deep(size: int) -> str:
    """The cursor of the row before the page."""
    newest = sa.select(Contact.created_at, Contact.id).order_by(Contact.created_at.desc(), Contact.id.desc())
    row = db.session.execute(newest.limit(1).offset(min((DEEP - 1) * 50, size // 2) - 1)).one()
    commit()
    return quote(str(Cursor(row.created_at, row.id)))


def page_of(client: FlaskClient, url: str) -> Callable[[], None]:
    """Asks for the page, and sees that it comes."""

    def get() -> None:
        reply = client.get(url)
        assert reply.status_code == 200, f"{url}: {reply.status}"

    return get


def _rows(bare: sqlite3.Connection, query: str) -> Callable[[], list[tuple[object, ...]]]:
    return lambda: bare.execute(query).fetchall()


def signed_in(app: Flask) -> FlaskClient:
    """A client of an administrator."""
    token = open_session(create_user("ada@school.example", "Ada", "crm_admin", "bench password"))
    commit()
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = token
    return client
