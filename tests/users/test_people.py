"""Who may sign in, and as what."""

import re
from datetime import timedelta

import pytest

from crm.database import commit
from crm.lib import clock
from crm.users import operations
from tests.users.test_account import change_password
from tests.users.test_sign_in import try_it


def initial_password(reply):
    return re.search(r"<code>([a-z2-9]{4}(?:-[a-z2-9]{4}){3})</code>", reply.text)[1]


def test_it_lists_everyone_with_role_and_access(as_ada, mo, vic):
    operations.disable(vic)
    page = as_ada.get("/people").text
    assert all(word in page for word in ("Mo", "Manager", "Disabled"))


def test_somebody_gets_another_role_and_signs_in_anew(as_ada, mo, sign_in):
    as_mo = sign_in(mo)
    assert as_ada.post(f"/people/{mo.id}/role", data={"role": "crm_viewer"}).status_code == 303
    assert mo.role == "crm_viewer"
    assert as_mo.get("/account").status_code == 302
    assert as_ada.post(f"/people/{mo.id}/role", data={"role": "crm_emperor"}).status_code == 422
    assert mo.role == "crm_viewer"


def test_nobody_changes_their_own_role(as_ada, ada, mo):
    operations.change_role(mo, "crm_admin")
    reply = as_ada.post(f"/people/{ada.id}/role", data={"role": "crm_manager"})
    assert reply.status_code == 422
    assert ada.role == "crm_admin"


def test_the_last_administrator_keeps_role_and_access(as_ada, ada):
    with pytest.raises(ValueError, match="only administrator"):
        operations.change_role(ada, "crm_manager")
    as_ada.post(f"/people/{ada.id}/access", data={"is_enabled": "no"})
    assert (ada.role, ada.is_enabled) == ("crm_admin", True)


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


def test_a_new_initial_password_has_to_be_replaced_at_once(as_ada, mo, sign_in):
    as_mo = sign_in(mo)
    password = initial_password(as_ada.post(f"/people/{mo.id}/password"))
    assert as_mo.get("/account").status_code == 302
    assert try_it(as_mo, mo.email).status_code == 422
    assert try_it(as_mo, mo.email, password).status_code == 303
    assert as_mo.get("/").location == "/account/password"
    assert as_mo.get("/account", headers={"HX-Request": "true"}).headers["HX-Redirect"] == "/account/password"
    assert change_password(as_mo, current=password).status_code == 303
    assert as_mo.get("/account").status_code == 200


def test_an_initial_password_lets_in_for_a_week(as_ada, mo, app):
    password = initial_password(as_ada.post(f"/people/{mo.id}/password"))
    mo.password_set_at = clock.now() - timedelta(days=8)
    commit()
    reply = try_it(app.test_client(), mo.email, password)
    assert reply.status_code == 422
    assert "too long ago" in reply.text


def test_ones_own_password_is_not_changed_this_way(as_ada, ada):
    assert as_ada.post(f"/people/{ada.id}/password").location == "/account/password"
    assert not ada.has_initial_password


def test_somebody_is_signed_out_in_one_place_or_everywhere(as_ada, mo, sign_in):
    clients = [sign_in(mo), sign_in(mo)]
    page = as_ada.get(f"/people/{mo.id}").text
    first = min(map(int, re.findall(r'name="session" value="(\d+)"', page)))
    as_ada.post(f"/people/{mo.id}/sessions/end", data={"session": first})
    assert [each.get("/account").status_code for each in clients] == [302, 200]
    as_ada.post(f"/people/{mo.id}/sessions/end")
    assert clients[1].get("/account").status_code == 302


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
