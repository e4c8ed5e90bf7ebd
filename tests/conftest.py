"""An app on a fresh database file per test, and clients signed in as the people of the tests."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from crm import create_app
from crm.database import db
from crm.users.models import User
from crm.users.operations import open_session
from tests import factories


def compile_routes_once() -> None:
    """Let apps share what werkzeug compiles for each route: the same route gives the same code, and it is most of an app's making."""
    compiled: dict[tuple[object, ...], Any] = {}
    compile_builder = Rule._compile_builder

    def once(rule: Rule, append_unknown: bool = True) -> Any:
        key = (rule.rule, append_unknown, repr(rule.defaults), rule.subdomain, rule.host)
        if key not in compiled:
            compiled[key] = compile_builder(rule, append_unknown)
        return compiled[key]

    Rule._compile_builder = once  # type: ignore[method-assign]


compile_routes_once()


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
    """The app as tests want it: cheap passwords, no CSRF token to fetch, jobs run when a test says so."""
    own = {"TESTING": True, "WTF_CSRF_ENABLED": False, "ARGON2": CHEAP, "TRACKING_BUFFER": 0}
    app = create_app(instance, **{**own, **overrides})
    app.test_client_class = Client
    return app


CHEAP = {"time_cost": 1, "memory_cost": 8, "parallelism": 1}


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with every table and no rows, made once."""
    instance = tmp_path_factory.mktemp("empty")
    app = make_app(instance)
    with app.app_context():
        db.create_all()
        db.session.remove()
        db.engine.dispose()
    return instance / "crm.db"


@pytest.fixture
def app(tmp_path: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The app, within its context; `people` are not there yet."""
    for name in ("DATABASE_URL", "REDIS_URL", "SMTP_URL", "PUBLIC_URL", "SECRET_KEY", "INSTANCE_PATH"):
        monkeypatch.delenv(name, raising=False)
    instance = tmp_path / "instance"
    instance.mkdir()
    shutil.copy(empty_database, instance / "crm.db")
    app = make_app(instance)
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
