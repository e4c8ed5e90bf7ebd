"""Every address says who may use it, and nobody else gets in: generated from the URL map and the roles, never restated."""

import sqlite3
from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.routing import Rule

from crm import wiring
from crm.users import making_roles
from crm.users.access import Access, access_of
from crm.users.roles import ALL, ROLES
from tests import factories

API = "/api/v1/"
SAMPLES = {"IntegerConverter": 1, "UnicodeConverter": "x", "PathConverter": "x", "UUIDConverter": "0" * 32}


def addresses(app: Flask) -> Iterator[tuple[Rule, Access | None, str, str]]:
    """Every rule with what its view declared, a method it takes, and a path it answers."""
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        values = {name: SAMPLES[type(each).__name__] for name, each in rule._converters.items()}
        path = adapter.build(rule.endpoint, values, append_unknown=False)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule, access_of(rule.endpoint), method, path


def test_every_address_declares_who_may_use_it(app):
    assert [rule.rule for rule, access, _, _ in addresses(app) if access is None] == []


def test_every_permission_asked_for_exists(app):
    asked = {each for _, access, _, _ in addresses(app) if access for each in access.permissions}
    assert asked <= ALL


@pytest.mark.own_app
def test_a_view_that_declares_nothing_is_refused(app, as_ada):
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    assert as_ada.get("/forgotten").status_code == 403


@pytest.mark.parametrize("role", [*ROLES, "own"])
def test_a_role_without_the_permission_is_refused_and_nothing_changes(app, ada, sign_in, role):
    held = ROLES.get(role, {"crm.contacts.view", "crm.tags.manage"})
    key = role if role in ROLES else making_roles.save_role(None, "Own", held, "own", False, ada).key
    client = sign_in(factories.user("pat", key))
    client.get("/account")
    watch = sqlite3.connect(app.config["INSTANCE_PATH"] / "crm.db")
    before = watch.execute("PRAGMA data_version").fetchone()
    answers = {
        (method, rule.rule): client.open(path, method=method).status_code
        for rule, access, method, path in addresses(app)
        if access and not set(access.permissions) <= held and not path.startswith(API)
    }
    assert {where: code for where, code in answers.items() if code != 403} == {}
    assert watch.execute("PRAGMA data_version").fetchone() == before


@pytest.mark.parametrize("role", ROLES)
def test_a_role_with_the_permission_sees_the_page(app, sign_in, role):
    client = sign_in(factories.user("pat", role))
    answers = {
        rule.rule: client.get(path).status_code
        for rule, access, method, path in addresses(app)
        if method == "GET" and access and not access.is_public and not rule.arguments
        if set(access.permissions) <= ROLES[role] and not path.startswith(API)
    }
    assert {where: code for where, code in answers.items() if code == 403 or code >= 500} == {}


def test_a_stranger_is_led_to_sign_in_and_a_piece_leads_the_whole_page(app, anonymous):
    for rule, access, method, path in addresses(app):
        if access and not access.is_public and not path.startswith(API):
            page = anonymous.open(path, method=method)
            piece = anonymous.open(path, method=method, headers={"HX-Request": "true"})
            assert page.location.startswith("/sign-in"), rule
            assert (piece.status_code, piece.headers["HX-Redirect"][:8]) == (401, "/sign-in"), rule


def test_a_stranger_gets_nothing_from_the_api(app, anonymous):
    closed = [each for each in addresses(app) if each[1] and not each[1].is_public and each[3].startswith(API)]
    assert [
        rule.rule for rule, _, method, path in closed if anonymous.open(path, method=method).status_code != 401
    ] == []


@pytest.mark.parametrize("role", ROLES)
def test_the_navigation_shows_only_places_that_open(app, sign_in, role):
    user = factories.user("pat", role)
    client = sign_in(user)
    with app.test_request_context():
        paths = [app.url_for(place.endpoint) for place in wiring.places_of(user)]
    assert [path for path in paths if client.get(path).status_code != 200] == []
