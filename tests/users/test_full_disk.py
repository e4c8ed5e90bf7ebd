"""Signing in while nothing can be written: staff read, nothing is saved, and the sign-in is written down once there is room."""

from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from crm.database import db
from crm.settings.models import Setting
from crm.users import operations
from crm.users.entering import SignIn
from crm.users.models import User, UserSession
from tests import factories
from tests.faults.test_full_and_busy import NOTE, full
from tests.users.test_sign_in import try_it
from tests.users.test_two_factor import code_of, second, set_up


@contextmanager
def no_room(app):
    """A database without room in its pages, so that the next try to sign in cannot be noted."""
    db.session.commit()
    with full(app):
        _fill(lambda at: Setting(key=f"x{at}", value="x" * 3_900))
        _fill(lambda _at: SignIn(outcome="in"))
        yield


def _fill(make) -> None:
    with pytest.raises(sa.exc.OperationalError):
        for at in range(1_000):
            db.session.add(make(at))
            db.session.commit()
    db.session.rollback()


def sessions() -> int:
    return db.session.query(UserSession).count()


def test_who_signs_in_reads_and_is_told_when_something_cannot_be_saved(app, ada):
    browser, number = app.test_client(), factories.contact().id
    with no_room(app):
        assert try_it(browser, password="wrong").status_code == 422
        assert try_it(browser).status_code == 303
        for page in ("/", "/contacts", "/settings/health"):
            assert browser.get(page).status_code == 200, page
        reply = browser.post(f"/contacts/{number}/notes", data=NOTE)
        assert reply.status_code == 507
        assert "The disk is full" in reply.text
        assert sessions() == 0


def test_it_is_written_down_once_there_is_room_and_ends_like_any_other(app, ada):
    browser = app.test_client()
    with no_room(app):
        assert try_it(browser).status_code == 303
    browser.get("/").close()
    assert (sessions(), browser.get("/").status_code) == (1, 200)
    db.session.query(UserSession).delete()
    assert browser.get("/contacts").status_code == 302


def test_it_ends_with_the_password_and_with_signing_out(app, ada):
    first, second_one = app.test_client(), app.test_client()
    with no_room(app):
        for each in (first, second_one):
            assert try_it(each).status_code == 303
        first.post("/sign-out")
        assert first.get("/contacts").status_code == 302
    operations.end_sessions(ada)
    db.session.commit()
    assert second_one.get("/contacts").status_code == 302


def test_the_second_step_is_asked_for_and_a_code_counts_once(app, as_ada, ada):
    codes, number = set_up(as_ada, ada), ada.id
    first, other = app.test_client(), app.test_client()
    with no_room(app):
        for each in (first, other):
            assert try_it(each).location == "/sign-in/code"
        assert first.get("/contacts").status_code == 302
        code = code_of(db.session.get_one(User, number))
        assert second(first, code).status_code == 303
        assert first.get("/contacts").status_code == 200
        assert second(other, code).status_code == 422
        assert second(other, codes[0]).status_code == 507
