"""An app on a fresh database file per test, and clients signed in as the people of the tests."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache

from crm import create_app
from crm.database import db
from crm.lib.limits import limiter
from crm.schema import upgrade_file
from crm.users.models import User
from crm.users.operations import open_session
from tests import factories

LONGEST = (
    "browser/test_screens.py", "backup/test_processes.py", "browser/test_new_school.py", "browser/test_workflow_editor.py",
    "browser/test_notes_and_tasks.py", "browser/test_contacts.py", "browser/test_look.py", "contacts/test_list.py",
    "browser/test_condition_builder.py", "api/test_openapi.py", "broadcasts/test_one_life.py", "test_permissions.py",
    "test_canaries.py", "test_postgresql.py", "conditions/test_agreement.py", "imports/test_killed.py",
    "faults/test_worker_killed.py", "faults/test_mailing_killed.py",
)  # fmt: skip
"""Begun last, one of these would keep a single processor busy at the end, and the other idle."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first. They are handed out in this order where xdist does not sort them anew, as in `make test`."""
    place = {Path(__file__).parent / name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path, len(place)))


class Client(FlaskClient):
    """A browser without JavaScript. The app answers in a context and transaction of its own, as it does in the world.

    What the test holds is read anew afterwards.
    """

    def open(self, *args: Any, **kwargs: Any) -> Any:
        db.session.commit()
        with self.application.app_context():
            reply = super().open(*args, **kwargs)
        db.session.expire_all()
        return reply


def make_app(instance: Path, **overrides: Any) -> Flask:
    """The app as tests want it: cheap passwords, no CSRF token to fetch, jobs run when a test says so, no wait for the disk."""
    own = {
        "TESTING": True,
        "WTF_CSRF_ENABLED": False,
        "ARGON2": CHEAP,
        "TRACKING_BUFFER": 0,
        "SQLITE_SYNCHRONOUS": "OFF",
    }
    app = create_app(instance, **{**own, **overrides})
    app.test_client_class = Client
    return app


CHEAP = {"time_cost": 1, "memory_cost": 8, "parallelism": 1}


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with every table and no rows, made once, by the migrations: which index SQLite takes among equals goes by their order."""
    path = tmp_path_factory.mktemp("empty") / "crm.db"
    upgrade_file(path)
    return path


@dataclass
class Building:
    """An app that is made once, most of whose making is its routes, and put back in order for each test."""

    app: Flask
    engine: sa.Engine
    database: Path
    config: dict[str, Any]
    extensions: dict[str, Any]
    queue: int = 0
    """The inode of the queue's file."""

    def tidy(self) -> Flask:
        """As just made: settings, extensions, an empty database, no queue, no counted tries, no files."""
        self.app.config.clear()
        self.app.config.update(self.config)
        self.app.extensions.clear()
        self.app.extensions.update(self.extensions)
        self.app.extensions["settings_looked_at"] = float("-inf")
        self._empty_queue()
        limiter.reset()
        for path in self.app.config["INSTANCE_PATH"].iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif not path.name.startswith(("queue.db", "secret")):
                path.unlink()
        self._empty_database()
        self.engine.dispose()  # a connection made since the last test looks at the file that is gone
        return self.app

    def _empty_database(self) -> None:
        """Put in its place at once, and alone: a thread of the last test that still connects may have begun a file and a log there."""
        place = self.app.config["INSTANCE_PATH"] / "crm.db"
        shutil.copy(self.database, place.with_name("fresh.db")).replace(place)
        for rest in ("crm.db-wal", "crm.db-shm"):
            place.with_name(rest).unlink(missing_ok=True)

    def _empty_queue(self) -> None:
        """A test may have deleted or damaged the queue's file: then it is made anew."""
        storage, path = self.app.extensions["huey"].storage, self.app.config["INSTANCE_PATH"] / "queue.db"
        try:
            storage.flush_all()
            if path.exists() and path.stat().st_ino == self.queue:
                with closing(sqlite3.connect(path)) as anew:  # the storage's own connection may not notice
                    anew.execute("SELECT count(*) FROM sqlite_master")
                return
        except sqlite3.Error:
            pass
        storage.close()
        for each in path.parent.glob("queue.db*"):
            each.unlink()
        storage.initialize_schema()
        self.queue = path.stat().st_ino


@pytest.fixture(scope="session")
def building(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Building:
    """The app that the tests of this process take in turns."""
    with pytest.MonkeyPatch.context() as patch:
        forget_settings(patch)
        app = make_app(tmp_path_factory.mktemp("school"))
    with app.app_context():
        engine = db.engine
    app.jinja_env.bytecode_cache = FileSystemBytecodeCache(compiled_templates(tmp_path_factory.getbasetemp()))
    return Building(app, engine, empty_database, dict(app.config), dict(app.extensions))


def compiled_templates(own: Path) -> str:
    """Where the processes of this run keep the templates one of them has compiled; each has a folder of its own there."""
    place = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "compiled-templates"
    place.mkdir(exist_ok=True)
    return str(place)


def forget_settings(patch: pytest.MonkeyPatch) -> None:
    """Let nothing of the tester's own settings in."""
    for name in ("DATABASE_URL", "REDIS_URL", "SMTP_URL", "PUBLIC_URL", "SECRET_KEY", "INSTANCE_PATH"):
        patch.delenv(name, raising=False)


@pytest.fixture
def app(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The app on an empty database, within its context; `people` are not there yet.

    A test that adds routes or changes the app for good is marked `own_app` and gets one for itself.
    """
    forget_settings(monkeypatch)
    if request.node.get_closest_marker("own_app") is None:
        app = request.getfixturevalue("building").tidy()
    else:
        app = make_app(tmp_path / "own")
        shutil.copy(request.getfixturevalue("empty_database"), tmp_path / "own" / "crm.db")
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def ada(app: Flask) -> User:
    """The administrator."""
    return factories.user("ada", "crm_admin")


@pytest.fixture
def mo(app: Flask) -> User:
    """The manager."""
    return factories.user("mo", "crm_manager")


@pytest.fixture
def agnes(app: Flask) -> User:
    """The agent, who sees her own contacts only."""
    return factories.user("agnes", "crm_agent")


@pytest.fixture
def vic(app: Flask) -> User:
    """The viewer."""
    return factories.user("vic", "crm_viewer")


@pytest.fixture
def sign_in(app: Flask) -> Callable[[User], FlaskClient]:
    """A client signed in as the given user."""

    def make(user: User) -> FlaskClient:
        token = open_session(user)
        client = app.test_client()
        with client.session_transaction() as session:
            session["_user_id"] = token
            session["_fresh"] = True
        return client

    return make


@pytest.fixture
def as_ada(ada: User, sign_in: Callable[[User], FlaskClient]) -> FlaskClient:
    return sign_in(ada)


@pytest.fixture
def as_mo(mo: User, sign_in: Callable[[User], FlaskClient]) -> FlaskClient:
    return sign_in(mo)


@pytest.fixture
def as_agnes(agnes: User, sign_in: Callable[[User], FlaskClient]) -> FlaskClient:
    return sign_in(agnes)


@pytest.fixture
def as_vic(vic: User, sign_in: Callable[[User], FlaskClient]) -> FlaskClient:
    return sign_in(vic)


@pytest.fixture
def anonymous(app: Flask, ada: User) -> FlaskClient:
    """A browser nobody is signed in with, at a school that has been set up."""
    return app.test_client()
