"""The search box at a million contacts: the time on the server for each way to find somebody."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import sqlalchemy as sa

from bench.contacts import page_of, signed_in
from bench.figures import Figure, fresh_app, milliseconds
from crm.database import db
from crm.demo.people import add_contacts

SIZE = 1_000_000
TEXTS = {
    "the beginning of a name": "mari",
    "one letter": "m",
    "first and last name": "maria lop",
    "the middle of a name": "nzal",
    "part of an address": "opez12",
    "digits of a phone number": "123 456",
    "a name misspelt": "gonzaels",
    "a word that all share": "example",
    "nobody": "zzzzzz",
}
BARE = "SELECT * FROM contacts WHERE first_name LIKE ? OR last_name LIKE ? OR email LIKE ? OR phone LIKE ? LIMIT 6"


def run(size: int = SIZE) -> Iterator[Figure]:
    """Milliseconds for the list of the palette, beside a plain LIKE in bare sqlite3, which finds fewer."""
    with fresh_app() as app:
        add_contacts(size)
        db.session.execute(sa.text("ANALYZE"))
        client = signed_in(app)
        bare = sqlite3.connect(app.config["INSTANCE_PATH"] / "crm.db")
        for name, text in TEXTS.items():
            like = (f"%{text}%",) * 4
            yield Figure(
                f"search for {name} at {size:,} contacts",
                milliseconds(page_of(client, f"/search/results?q={text}"), times=20),
                "ms",
                milliseconds(lambda like=like: bare.execute(BARE, like).fetchall(), times=3),
                "LIKE in bare sqlite3",
            )
