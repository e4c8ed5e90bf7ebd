"""The code of an authenticator app besides the password."""

import re
from datetime import UTC, datetime

import pytest

from crm.database import commit, db
from crm.lib import clock
from crm.users import making_roles, two_factor
from tests.factories import PASSWORD
from tests.users.test_sign_in import try_it

RFC_SECRET = b"12345678901234567890"


def code_of(user, steps=0):
    """What the app shows, now or some steps later."""
    db.session.refresh(user)
    here = int(clock.now().timestamp()) // two_factor.PERIOD
    return two_factor.code_at(two_factor.secret_of(user, two_factor._keys()[0]), here + steps)


def set_up(client, user):
    """Two-factor as the user sets it up; the recovery codes."""
    client.post("/account/two-factor")
    reply = client.post("/account/two-factor/confirmation", data={"code": code_of(user, -1), "current": PASSWORD})
    assert reply.status_code == 201, reply.text
    return re.findall(r"<code>([a-z2-9-]{19})</code>", reply.text)


def second(client, code):
    return client.post("/sign-in/code", data={"code": code})


@pytest.mark.parametrize(
    ("moment", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_codes_are_those_of_the_standard(moment, code):
    assert two_factor.code_at(RFC_SECRET, moment // 30) == code


def test_setting_up_shows_the_key_until_it_is_on_and_asks_for_code_and_password(as_ada, ada):
    as_ada.post("/account/two-factor")
    key = two_factor.spelled(ada)
    page = as_ada.get("/account/two-factor").text
    assert "<svg" in page
    assert key in page
    for wrong in ({"code": "000000", "current": PASSWORD}, {"code": code_of(ada), "current": "wrong"}, {}):
        assert as_ada.post("/account/two-factor/confirmation", data=wrong).status_code == 422
    assert not ada.has_two_factor
    assert len(set_up(as_ada, ada)) == 10
    assert key not in as_ada.get("/account/two-factor").text


def test_signing_in_takes_both_steps(as_ada, ada, app):
    set_up(as_ada, ada)
    browser = app.test_client()
    assert try_it(browser, next="/people").location == "/sign-in/code"
    assert browser.get("/account").status_code == 302
    assert second(browser, "000000").status_code == 422
    assert second(browser, f" {code_of(ada)[:3]} {code_of(ada)[3:]} ").location == "/people"
    assert browser.get("/account").status_code == 200


def test_a_code_counts_once(as_ada, ada, app):
    set_up(as_ada, ada)
    browsers = [app.test_client(), app.test_client()]
    for browser in browsers:
        try_it(browser)
    code = code_of(ada)
    assert [second(each, code).status_code for each in browsers] == [303, 422]
    assert second(browsers[1], code_of(ada, 1)).status_code == 303


def test_the_second_step_alone_is_nothing(app, as_ada, ada):
    set_up(as_ada, ada)
    browser = app.test_client()
    assert browser.get("/sign-in/code").location == "/sign-in"
    assert second(browser, code_of(ada)).location == "/sign-in"


def test_guessing_codes_is_slowed_down(as_ada, ada, app):
    set_up(as_ada, ada)
    browser = app.test_client()
    try_it(browser)
    assert [second(browser, "000000").status_code for _ in range(6)] == [422] * 5 + [429]


def test_each_recovery_code_lets_in_once(as_ada, ada, app):
    code = set_up(as_ada, ada)[3]
    browsers = [app.test_client(), app.test_client()]
    for browser in browsers:
        try_it(browser)
    assert [second(each, code.upper().replace("-", " ")).status_code for each in browsers] == [303, 422]
    assert "You have 9 left" in as_ada.get("/account/two-factor").text


def test_new_recovery_codes_replace_the_old_ones_and_ask_for_the_password(as_ada, ada):
    old = set_up(as_ada, ada)
    assert as_ada.post("/account/two-factor/recovery-codes", data={"current": "wrong"}).status_code == 422
    new = as_ada.post("/account/two-factor/recovery-codes", data={"current": PASSWORD})
    assert old[0] not in new.text
    assert not two_factor.is_recovery_code(ada, old[0])


def test_turning_it_off_asks_for_the_password(as_ada, ada):
    set_up(as_ada, ada)
    assert as_ada.post("/account/two-factor/end", data={"current": "wrong"}).status_code == 422
    assert ada.has_two_factor
    as_ada.post("/account/two-factor/end", data={"current": PASSWORD})
    assert not ada.has_two_factor


def test_a_role_that_asks_for_it_opens_nothing_else_before(as_mo, mo, ada):
    making_roles.choose("crm_manager", "all", True, ada)
    commit()
    assert as_mo.get("/contacts").location == "/account/two-factor"
    assert as_mo.post("/contacts/new", data={}).location == "/account/two-factor"
    assert "Your role asks for it" in as_mo.get("/account/two-factor").text
    set_up(as_mo, mo)
    assert as_mo.get("/contacts").status_code == 200


def test_an_administrator_turns_it_off_for_who_lost_the_device(as_ada, as_mo, mo):
    set_up(as_mo, mo)
    as_ada.post(f"/people/{mo.id}/two-factor/end")
    assert not mo.has_two_factor
    assert as_mo.get("/account").status_code == 302


def test_the_second_step_is_in_time(as_ada, ada, app, monkeypatch):
    set_up(as_ada, ada)
    browser = app.test_client()
    try_it(browser)
    with browser.session_transaction() as session:
        session["second_step"] = [
            ada.id,
            int(datetime(2020, 1, 1, tzinfo=UTC).timestamp()),
            *session["second_step"][2:],
        ]
    assert second(browser, code_of(ada)).location == "/sign-in"
