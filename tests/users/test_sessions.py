"""A sign-in lasts as long as it is used, and no longer than it should."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crm.database import db
from crm.lib import clock
from crm.users import operations
from crm.users.models import UserSession
from crm.users.sessions import ABSOLUTE, IDLE, SEEN_EVERY


def set_back(**values):
    db.session.execute(sa.update(UserSession).values(**values))
    db.session.commit()


def the_session():
    db.session.rollback()
    return db.session.scalars(sa.select(UserSession)).one()


def test_one_left_alone_for_twelve_hours_is_over(as_ada):
    set_back(last_seen_at=clock.now() - IDLE - timedelta(seconds=1))
    assert as_ada.get("/account").status_code == 302


def test_one_begun_a_fortnight_ago_is_over_however_much_it_is_used(as_ada):
    set_back(created_at=clock.now() - ABSOLUTE - timedelta(seconds=1))
    assert as_ada.get("/account").status_code == 302


def test_its_use_is_noted_at_most_every_ten_minutes(as_ada):
    earlier = clock.now() - SEEN_EVERY + timedelta(minutes=1)
    set_back(last_seen_at=earlier)
    as_ada.get("/account").close()
    assert the_session().last_seen_at == earlier
    set_back(last_seen_at=clock.now() - SEEN_EVERY - timedelta(seconds=1))
    as_ada.get("/account").close()
    assert clock.now() - the_session().last_seen_at < timedelta(minutes=1)


def test_a_page_is_shown_even_when_its_use_cannot_be_noted(as_ada, caplog):
    set_back(last_seen_at=clock.now() - SEEN_EVERY - timedelta(seconds=1))
    reply = as_ada.get("/account")
    db.session.execute(sa.text("DROP TABLE user_sessions"))
    db.session.commit()
    reply.close()
    assert reply.status_code == 200
    assert "could not note" in caplog.text


@pytest.mark.parametrize("change", [operations.disable, lambda mo: operations.set_password(mo, "another good one")])
def test_disabling_and_a_new_password_end_it(ada, mo, sign_in, change):
    as_mo = sign_in(mo)
    assert as_mo.get("/account").status_code == 200
    change(mo)
    assert as_mo.get("/account").status_code == 302


def test_a_lowered_role_counts_from_the_next_click_and_ends_every_sign_in(ada, mo, sign_in):
    operations.change_role(mo, "crm_admin")
    as_mo = sign_in(mo)
    assert as_mo.get("/people").status_code == 200
    operations.change_role(mo, "crm_agent")
    assert as_mo.get("/people").status_code == 302
    assert sign_in(mo).get("/people").status_code == 403


def test_a_piece_asked_for_after_the_end_leads_the_whole_page_to_sign_in(anonymous):
    reply = anonymous.get("/account", headers={"HX-Request": "true"})
    assert (reply.status_code, reply.headers["HX-Redirect"]) == (401, "/sign-in")
