"""What is kept of tries to sign in, and who sees it."""

from datetime import timedelta

import sqlalchemy as sa

from crm.database import commit, db
from crm.lib import clock
from crm.users import operations
from crm.users.entering import SignIn
from crm.users.jobs import forget_sign_ins
from tests.users.test_sign_in import try_it


def test_success_and_failure_are_kept_with_time_address_and_device(anonymous, ada, as_ada, as_mo):
    firefox = {"User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/140"}
    for password in ("wrong", None):
        data = {"email": ada.email, "password": password or "correct horse battery"}
        anonymous.post("/sign-in", data=data, headers=firefox)
    kept = db.session.scalars(sa.select(SignIn).order_by(SignIn.id)).all()
    assert [(each.user_id, each.outcome, each.device) for each in kept] == [
        (ada.id, "password", "Firefox on Linux"),
        (ada.id, "in", "Firefox on Linux"),
    ]
    page = as_ada.get("/account").text
    assert "Wrong password" in page
    assert "127.0.0.1" in page
    assert "Wrong password" not in as_mo.get("/account").text


def test_an_unknown_address_is_not_kept(anonymous):
    try_it(anonymous, email="eve@school.example")
    assert db.session.execute(sa.select(SignIn.user_id, SignIn.outcome)).all() == [(None, "password")]


def test_an_administrator_sees_somebody_elses_history_and_that_a_closed_account_was_tried(as_ada, anonymous, mo):
    operations.disable(mo)
    try_it(anonymous, email=mo.email)
    assert "No access" in as_ada.get(f"/people/{mo.id}").text


def test_it_is_forgotten_after_half_a_year(ada):
    operations.note_sign_in(ada, "in", "", "")
    operations.note_sign_in(ada, "password", "", "")
    db.session.execute(
        sa.update(SignIn).where(SignIn.outcome == "in").values(happened_at=clock.now() - timedelta(days=181))
    )
    commit()
    forget_sign_ins()
    assert db.session.scalars(sa.select(SignIn.outcome)).all() == ["password"]
