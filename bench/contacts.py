"""The contact list and its search: as quick at a million contacts as at a thousand."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from bench.figures import Figure, fresh_app, milliseconds
from crm.database import commit, db
from crm.demo.people import add_contacts
from crm.users.operations import create_user, open_session

SIZES = (1_000, 1_000_000)
PAGES = {
    "first page": ("/contacts", "SELECT * FROM contacts ORDER BY created_at DESC, id DESC LIMIT 50"),
    "first page by name": ("/contacts?sort=name", "SELECT * FROM contacts ORDER BY sort_name, id LIMIT 50"),
    "search": (
        "/contacts?q=mari",
        "SELECT * FROM contacts WHERE id IN (SELECT rowid FROM contacts_search WHERE contacts_search MATCH '\"mari\"*'"
        " ORDER BY rowid DESC LIMIT 50)",
    ),
}


def run() -> Iterator[Figure]:
    """Server time of each page at both sizes, beside the same rows fetched with bare sqlite3."""
    for size in SIZES:
        with fresh_app() as app:
            add_contacts(size)
            db.session.execute(sa.text("ANALYZE"))
            client = _signed_in(app)
            bare = sqlite3.connect(app.config["INSTANCE_PATH"] / "crm.db")
            for name, (url, query) in PAGES.items():
                yield Figure(
                    f"{name} at {size:,} contacts",
                    milliseconds(_page(client, url)),
                    "ms",
                    milliseconds(_rows(bare, query)),
                    "bare sqlite3",
                )


def _page(client: FlaskClient, url: str) -> Callable[[], None]:
    def get() -> None:
        reply = client.get(url)
        assert reply.status_code == 200, f"{url}: {reply.status}"

    return get


def _rows(bare: sqlite3.Connection, query: str) -> Callable[[], list[tuple[object, ...]]]:
    return lambda: bare.execute(query).fetchall()


def _signed_in(app: Flask) -> FlaskClient:
    token = open_session(create_user("ada@school.example", "Ada", "crm_admin", "bench password"))
    commit()
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = token
    return client
