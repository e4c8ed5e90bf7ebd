"""Who may sign in, and as what."""

import re

import pytest

from crm.users import operations, queries
from tests.users.test_account import change_password
from tests.users.test_sign_in import try_it

NEW = {"name": "Zoë Ågren", "email": " Zoe@School.example ", "role": "crm_agent", "timezone": "Europe/Stockholm"}


def initial_password(reply):
    return re.search(r"<code>([a-z2-9]{4}(?:-[a-z2-9]{4}){3})</code>", reply.text)[1]


def test_it_lists_everyone_with_role_and_what_roles_may_do(as_ada, mo, vic):
    operations.disable(vic)
    page = as_ada.get("/people").text
    assert all(word in page for word in ("Mo", "Manager", "Disabled", "Build workflows"))


def test_somebody_added_signs_in_with_the_password_shown_once_and_has_to_replace_it(as_ada, app):
    added = as_ada.post("/people", data=NEW)
    assert added.status_code == 201
    password, browser = initial_password(added), app.test_client()
    assert password not in as_ada.get("/people").text
    assert try_it(browser, "zoe@school.example", password).status_code == 303
    assert browser.get("/").location == "/account/password"
    assert browser.get("/account", headers={"HX-Request": "true"}).headers["HX-Redirect"] == "/account/password"
    assert change_password(browser, current=password).status_code == 303
    assert browser.get("/account").status_code == 200


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": " "}, "A name is needed."),
        ({"email": "zoe"}, "is no email address"),
        ({"email": "ADA@school.example"}, "already has an account"),
        ({"role": "crm_emperor"}, "Not a valid choice"),
        ({"timezone": "Mars/Olympus"}, "Not a valid choice"),
    ],
)
def test_bad_input_adds_nobody_and_says_why(as_ada, wrong, words):
    reply = as_ada.post("/people", data=NEW | wrong)
    assert reply.status_code == 422
    assert words in reply.text
    assert len(queries.everyone()) == 1


def test_somebody_gets_another_role(as_ada, mo):
    assert as_ada.post(f"/people/{mo.id}/role", data={"role": "crm_viewer"}).status_code == 303
    assert mo.role == "crm_viewer"
    assert as_ada.post(f"/people/{mo.id}/role", data={"role": "crm_emperor"}).status_code == 422
    assert mo.role == "crm_viewer"


def test_the_last_administrator_keeps_role_and_access(as_ada, ada, mo):
    reply = as_ada.post(f"/people/{ada.id}/role", data={"role": "crm_manager"})
    assert reply.status_code == 422
    assert "only administrator" in reply.text
    as_ada.post(f"/people/{ada.id}/access", data={"is_enabled": "no"})
    assert (ada.role, ada.is_enabled) == ("crm_admin", True)
    operations.change_role(mo, "crm_admin")
    assert as_ada.post(f"/people/{ada.id}/role", data={"role": "crm_manager"}).location == "/"


def test_a_disabled_administrator_does_not_count(ada, mo):
    operations.change_role(mo, "crm_admin")
    operations.disable(mo)
    with pytest.raises(ValueError, match="only administrator"):
        operations.disable(ada)


def test_somebody_is_disabled_and_enabled_again(as_ada, mo, sign_in):
    as_mo = sign_in(mo)
    for _ in range(2):
        assert as_ada.post(f"/people/{mo.id}/access", data={"is_enabled": "no"}).status_code == 303
    assert as_mo.get("/account").status_code == 302
    as_ada.post(f"/people/{mo.id}/access", data={"is_enabled": "yes"})
    assert as_mo.get("/account").status_code == 302
    assert try_it(as_mo, mo.email).status_code == 303
    assert as_ada.post(f"/people/{mo.id}/access").status_code == 400


def test_a_new_initial_password_replaces_a_forgotten_one(as_ada, mo, sign_in):
    as_mo = sign_in(mo)
    password = initial_password(as_ada.post(f"/people/{mo.id}/password"))
    assert as_mo.get("/account").status_code == 302
    assert try_it(as_mo, mo.email).status_code == 422
    assert try_it(as_mo, mo.email, password).status_code == 303


def test_ones_own_password_is_not_changed_this_way(as_ada, ada):
    assert as_ada.post(f"/people/{ada.id}/password").location == "/account/password"
    assert not ada.has_initial_password


def test_nobody_is_there(as_ada):
    assert as_ada.get("/people/999").status_code == 404
    assert as_ada.post("/people/999/role", data={"role": "crm_agent"}).status_code == 404


def test_the_command_line_asks_the_same_of_a_new_user(ada):
    operations.check_new_user("mo@school.example", "Mo", "crm_manager", "a fine long phrase")
    for wrong in (
        ("ada@school.example", "Mo", "crm_manager", "a fine long phrase"),
        ("mo@school.example", "Mo", "manager", "a fine long phrase"),
        ("mo@school.example", "Mo", "crm_manager", "short"),
    ):
        with pytest.raises(ValueError, match=r"\."):
            operations.check_new_user(*wrong)


def test_two_users_are_never_taken_for_one_another(ada, mo):
    assert ada != mo
