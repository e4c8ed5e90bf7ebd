"""A full disk and a database that others keep busy: writing is refused in words, reading goes on, and it mends itself."""

import errno
import io
import sqlite3
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from crm.database import db
from crm.email.addresses import UNSUBSCRIBE
from crm.lib.tokens import tokens
from crm.users.operations import add_token
from tests import factories
from tests.email.mailroom import sent

NOTE = {"content": "x" * 9_000, "kind": "note"}


@contextmanager
def every_connection(app, pragma):
    """Connections made from now on begin with this pragma; afterwards they are made anew without it."""

    def prepare(connection, _record):
        connection.execute(pragma)

    db.session.remove()
    db.engine.dispose()
    sa.event.listen(db.engine, "connect", prepare)
    try:
        yield
    finally:
        sa.event.remove(db.engine, "connect", prepare)
        db.session.remove()
        db.engine.dispose()


@contextmanager
def full(app):
    """A disk on which the database cannot grow."""
    pages = db.session.scalar(sa.text("PRAGMA page_count"))
    with every_connection(app, f"PRAGMA max_page_count = {pages}"):
        yield


@contextmanager
def busy(app):
    """Another process that writes and does not end."""
    other = sqlite3.connect(app.config["INSTANCE_PATH"] / "crm.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with every_connection(app, "PRAGMA busy_timeout = 20"):
            yield
    finally:
        other.close()


@pytest.fixture
def carla(app):
    return factories.contact()


@pytest.mark.parametrize(("state", "code", "words"), [(full, 507, "disk is full"), (busy, 503, "Not ready yet")])
def test_writing_is_refused_reading_goes_on_and_it_mends_itself(app, ada, as_ada, carla, state, code, words):
    contact = f"/contacts/{carla.id}"
    path, token = f"{contact}/notes", {"Authorization": f"Bearer {add_token(ada, 'Website')}"}
    leave = f"/api/track/unsubscribe/{tokens().sign(UNSUBSCRIBE, carla.id, sent(carla).id)}"
    pages_of_a_reader = (leave, f"{leave}/preferences", f"{leave}/message")
    db.session.commit()
    as_ada.get("/contacts")
    with state(app):
        reply = as_ada.post(path, data=NOTE)
        assert (reply.status_code, "Retry-After" in reply.headers) == (code, True)
        assert words in reply.text
        answer = app.test_client().post("/api/v1/contacts/1/notes", json={"content": NOTE["content"]}, headers=token)
        assert (answer.status_code, answer.mimetype) == (code, "application/problem+json")
        for page in ("/contacts", contact, "/tasks", "/settings/health"):
            assert as_ada.get(page).status_code == 200, page
        for page in ("/sign-in", "/healthz", *pages_of_a_reader):
            assert app.test_client().get(page).status_code == 200, page
    assert as_ada.post(path, data=NOTE).status_code < 400


def test_a_file_that_cannot_be_written_is_the_same_story(app, as_ada, monkeypatch):
    def no_room(_data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("crm.settings.brand.set_logo", no_room)
    reply = as_ada.post("/settings/logo", data={"logo": (io.BytesIO(b"x"), "logo.png")})
    assert reply.status_code == 507
