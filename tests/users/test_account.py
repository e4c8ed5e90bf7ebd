"""One's own account."""

import sqlalchemy as sa

from crm.database import db
from crm.users.models import UserSession
from crm.users.passwords import is_right
from tests.factories import PASSWORD

NEW = "seven purple umbrellas"


def change_password(client, current=PASSWORD, password=NEW, again=None):
    return client.post("/account/password", data={"current": current, "password": password, "again": again or password})


def test_name_clock_and_theme_are_saved(as_ada, ada):
    data = {
        "name": " Ada Lovelace ",
        "timezone": "Europe/Berlin",
        "theme": "dark",
        "role": "crm_viewer",
        "email": "x@y.de",
    }
    assert as_ada.post("/account", data=data).status_code == 303
    assert (ada.name, ada.timezone, ada.theme) == ("Ada Lovelace", "Europe/Berlin", "dark")
    assert (ada.role, ada.email) == ("crm_admin", "ada@school.example")


def test_an_empty_name_or_an_unknown_clock_is_refused_and_nothing_saved(as_ada, ada):
    reply = as_ada.post("/account", data={"name": " ", "timezone": "Mars/Olympus", "theme": "dark"})
    assert reply.status_code == 422
    assert "A name is needed." in reply.text
    assert (ada.name, ada.timezone, ada.theme) == ("Ada", "UTC", "auto")


def test_the_theme_is_saved_from_any_page_and_leads_back_there(as_vic, vic):
    reply = as_vic.post("/account/theme", data={"theme": "dark"}, headers={"Referer": "http://localhost/account?x=1"})
    assert (reply.location, vic.theme) == ("/account?x=1", "dark")


def test_an_unknown_theme_changes_nothing_and_a_foreign_page_is_not_led_to(as_vic, vic):
    reply = as_vic.post("/account/theme", data={"theme": "pink"}, headers={"Referer": "http://evil.example/people"})
    assert (reply.location, vic.theme) == ("/account", "auto")


def test_a_new_password_ends_the_other_sign_ins_and_renews_this_one(as_ada, ada, sign_in):
    elsewhere = sign_in(ada)
    with as_ada.session_transaction() as session:
        before = session["_user_id"]
    assert change_password(as_ada).status_code == 303
    assert is_right(ada.password_hash, NEW)
    assert elsewhere.get("/account").status_code == 302
    assert as_ada.get("/account").status_code == 200
    with as_ada.session_transaction() as session:
        assert session["_user_id"] != before


def test_it_asks_for_the_current_password(as_ada, ada):
    reply = change_password(as_ada, current="wrong")
    assert reply.status_code == 422
    assert "This is not your current password." in reply.text
    assert is_right(ada.password_hash, PASSWORD)


def test_a_weak_or_mistyped_password_is_refused_in_words(as_ada, ada):
    assert "at least 8 characters" in change_password(as_ada, password="short").text
    assert "Too many people" in change_password(as_ada, password="Password1").text
    assert "guessed from" in change_password(as_ada, password="ada@school.example").text
    assert "differ" in change_password(as_ada, again="something else").text
    assert is_right(ada.password_hash, PASSWORD)


def test_guessing_the_current_password_is_slowed_down(as_ada):
    assert [change_password(as_ada, current="wrong").status_code for _ in range(11)] == [422] * 10 + [429]


def test_it_lists_own_sign_ins_and_ends_one(as_ada, ada, sign_in):
    elsewhere = sign_in(ada)
    page = as_ada.get("/account", headers={"User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/140"}).text
    assert page.count("/account/sessions/") == 2
    other = db.session.scalar(sa.select(sa.func.max(UserSession.id)))
    assert [as_ada.post(f"/account/sessions/{other}/end").status_code for _ in range(2)] == [303, 303]
    assert elsewhere.get("/account").status_code == 302
    assert as_ada.get("/account").status_code == 200


def test_somebody_elses_sign_in_cannot_be_ended(as_mo, as_ada, ada):
    hers = db.session.scalar(sa.select(UserSession.id).where(UserSession.user_id == ada.id))
    as_mo.post(f"/account/sessions/{hers}/end")
    assert as_ada.get("/account").status_code == 200


def test_all_others_are_ended_at_once(as_ada, ada, sign_in):
    others = [sign_in(ada), sign_in(ada)]
    as_ada.post("/account/sessions/end")
    assert [each.get("/account").status_code for each in (as_ada, *others)] == [200, 302, 302]
