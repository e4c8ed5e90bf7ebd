"""Signing in: the right password, and nothing else."""

import re

import pytest
import sqlalchemy as sa

from crm.database import db
from crm.users import operations
from crm.users.models import UserSession
from tests.conftest import make_app
from tests.factories import PASSWORD


def try_it(client, email="ada@school.example", password=PASSWORD, **more):
    return client.post("/sign-in", data={"email": email, "password": password, **more})


def without_token(reply):
    """The page but for its form token, which holds the second it was made in."""
    return re.sub(r'name="csrf_token" value="[^"]+"', "", reply.text)


def test_it_lets_in_and_keeps_only_a_hash_of_the_token(anonymous):
    assert try_it(anonymous, email=" Ada@School.example ").status_code == 303
    assert anonymous.get("/account").status_code == 200
    with anonymous.session_transaction() as session:
        token = session["_user_id"]
    row = db.session.scalars(sa.select(UserSession)).one()
    assert row.token_hash == operations.digest(token) != token


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(anonymous):
    wrong, unknown = try_it(anonymous, password="wrong"), try_it(anonymous, email="eve@school.example")
    assert (wrong.status_code, unknown.status_code) == (422, 422)
    assert without_token(wrong).replace("ada@", "eve@") == without_token(unknown)
    assert "Email or password is not right." in wrong.text


def test_a_password_is_checked_even_for_an_unknown_address(anonymous, monkeypatch):
    checked = []
    monkeypatch.setattr("crm.users.passwords._decoy", lambda: checked.append(1) or operations.hash_password("x"))
    try_it(anonymous, email="eve@school.example")
    assert checked == [1]


def test_a_disabled_user_is_refused(anonymous, mo):
    operations.disable(mo)
    assert try_it(anonymous, email=mo.email).status_code == 422


def test_nothing_written_is_said_beside_the_field(anonymous):
    reply = try_it(anonymous, email="", password="")
    assert reply.status_code == 422
    assert "Write your email address." in reply.text


def test_signing_in_replaces_whatever_session_the_browser_brought(anonymous):
    with anonymous.session_transaction() as session:
        session["_user_id"] = "planted"
    try_it(anonymous)
    with anonymous.session_transaction() as session:
        assert session["_user_id"] != "planted"


def test_it_goes_on_to_the_page_that_was_asked_for(anonymous):
    asked = anonymous.get("/account?tab=1&x=a%20b")
    assert asked.status_code == 302
    page = anonymous.get(asked.location)
    assert 'name="next"' in page.text
    assert try_it(anonymous, next="/account?tab=1&x=a%20b").location == "/account?tab=1&x=a+b"


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "https://evil.example/account",
        "https:evil.example",
        "/\t/evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "http://[broken",
        "/nowhere",
        "/sign-out",
        "/static/app.css",
        "account",
        "//localhost/account",
    ],
)
def test_it_never_leads_elsewhere(anonymous, target):
    assert try_it(anonymous, next=target).location == "/"


def test_who_is_signed_in_is_led_on(as_ada):
    assert as_ada.get("/sign-in").location == "/"
    assert as_ada.get("/sign-in?next=/account").location == "/account"


def test_signing_out_ends_the_session_even_for_a_copied_cookie(as_ada):
    with as_ada.session_transaction() as session:
        stolen = dict(session)
    assert as_ada.post("/sign-out").status_code == 303
    with as_ada.session_transaction() as session:
        session.update(stolen)
    assert as_ada.get("/account").status_code == 302
    assert as_ada.post("/sign-out").status_code == 303


def test_a_get_signs_nobody_out(as_ada):
    assert as_ada.get("/sign-out").status_code == 405
    assert as_ada.get("/account").status_code == 200


def test_the_cookie_is_out_of_reach_of_scripts_and_of_plain_connections(anonymous, app, tmp_path):
    kept = try_it(anonymous).headers["Set-Cookie"]
    assert "HttpOnly" in kept
    assert "SameSite=Lax" in kept
    assert make_app(tmp_path / "safe", PUBLIC_URL="https://localhost").config["SESSION_COOKIE_SECURE"]
