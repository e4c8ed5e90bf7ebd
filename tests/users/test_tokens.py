"""API tokens: the owner's permissions, under /api/v1 only."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Blueprint, jsonify, request
from flask_login import current_user

from crm.database import commit, db
from crm.lib import clock
from crm.users import operations
from crm.users.access import requires
from crm.users.models import ApiToken
from tests.conftest import make_app

api = Blueprint("trial", __name__, url_prefix="/api/v1")


@api.route("/trial", methods=["GET", "POST"])
@requires("crm.tags.manage")
def trial():
    return jsonify(name=current_user.name, method=request.method)


@pytest.fixture
def client(app):
    """A program; the app asks every form for its CSRF token."""
    with_api = make_app(app.config["INSTANCE_PATH"], WTF_CSRF_ENABLED=True)
    with_api.register_blueprint(api)
    return with_api.test_client()


def bearer(user):
    token = operations.add_token(user, "trial")
    commit()
    return {"Authorization": f"Bearer {token}"}


def test_a_token_stands_for_its_owner_without_a_form_token(client, ada):
    headers = bearer(ada)
    assert client.get("/api/v1/trial", headers=headers).json == {"name": "Ada", "method": "GET"}
    assert client.post("/api/v1/trial", headers=headers).json == {"name": "Ada", "method": "POST"}


def test_it_may_do_what_its_owner_may(client, ada, agnes):
    assert client.get("/api/v1/trial", headers=bearer(agnes)).status_code == 403


@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer cohort_wrong", "Basic YTpi", "Bearer é"])
def test_anything_else_is_unauthorized_as_a_problem(client, ada, header):
    reply = client.get("/api/v1/trial", headers={"Authorization": header})
    assert (reply.status_code, reply.mimetype) == (401, "application/problem+json")
    assert reply.headers["WWW-Authenticate"] == "Bearer"


def test_a_cookie_counts_for_nothing_there(client, ada, app):
    with client.session_transaction() as session:
        session["_user_id"] = operations.open_session(ada)
    assert client.post("/api/v1/trial").status_code == 401
    assert client.get("/account").status_code == 200


def test_a_token_counts_for_nothing_on_pages(client, ada):
    assert client.get("/account", headers=bearer(ada)).status_code == 302
    assert client.post("/account/theme", headers=bearer(ada)).location == "/sign-in"


def test_a_disabled_owners_token_is_dead(client, ada, mo):
    headers = bearer(mo)
    operations.disable(mo)
    assert client.get("/api/v1/trial", headers=headers).status_code == 401


def test_its_use_is_noted_at_most_once_a_minute(client, ada):
    headers = bearer(ada)
    client.get("/api/v1/trial", headers=headers).close()
    used = db.session.scalar(sa.select(ApiToken.last_used_at))
    assert clock.now() - used < timedelta(minutes=1)
    client.get("/api/v1/trial", headers=headers).close()
    assert db.session.scalar(sa.select(ApiToken.last_used_at)) == used


def test_its_owner_sees_and_revokes_it_and_nobody_else(as_ada, as_mo, client, ada):
    headers = bearer(ada)
    token = db.session.scalar(sa.select(ApiToken.id))
    assert "trial" in as_ada.get("/account/tokens").text
    assert "trial" not in as_mo.get("/account/tokens").text
    as_mo.post(f"/account/tokens/{token}/end")
    assert client.get("/api/v1/trial", headers=headers).status_code == 200
    assert [as_ada.post(f"/account/tokens/{token}/end").status_code for _ in range(2)] == [303, 303]
    assert client.get("/api/v1/trial", headers=headers).status_code == 401


def test_one_is_made_on_its_page_and_shown_once(as_ada, client):
    page = as_ada.post("/account/tokens", data={"name": " Website "})
    token = re.search(r"cohort_[\w-]{43}", page.text)[0]
    assert (page.status_code, page.headers["Cache-Control"]) == (201, "no-store")
    assert client.get("/api/v1/trial", headers={"Authorization": f"Bearer {token}"}).json["name"] == "Ada"
    again = as_ada.get("/account/tokens").text
    assert "Website" in again
    assert token not in again


def test_one_needs_a_name(as_ada):
    for name in ("", " ", "x" * 121):
        assert as_ada.post("/account/tokens", data={"name": name}).status_code == 422
    assert db.session.scalar(sa.select(sa.func.count(ApiToken.id))) == 0


def test_one_for_some_things_may_do_no_more_and_ends_by_itself(as_ada, client, ada):
    data = {"name": "Website", "scope": "some", "permissions": ["crm.contacts.view"], "lasts": "30"}
    assert as_ada.post("/account/tokens", data=data | {"permissions": []}).status_code == 422
    assert as_ada.post("/account/tokens", data=data | {"permissions": ["crm.everything"]}).status_code == 422
    page = as_ada.post("/account/tokens", data=data).text
    headers = {"Authorization": "Bearer " + re.search(r"cohort_[\w-]{43}", page)[0]}
    assert client.get("/api/v1/trial", headers=headers).status_code == 403
    assert client.get("/api/v1/contacts", headers=headers).status_code == 200
    token = db.session.scalars(sa.select(ApiToken)).one()
    assert timedelta(days=29) < token.expires_at - clock.now() < timedelta(days=31)
    token.expires_at = clock.now()
    commit()
    assert client.get("/api/v1/contacts", headers=headers).status_code == 401


def test_it_never_grants_what_its_owner_lost_or_never_had(as_agnes, client, agnes):
    assert (
        as_agnes.post(
            "/account/tokens", data={"name": "x", "scope": "some", "permissions": ["crm.tags.manage"]}
        ).status_code
        == 422
    )
    token = operations.add_token(agnes, "trial", {"crm.tags.manage", "crm.contacts.view"})
    commit()
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get("/api/v1/trial", headers=headers).status_code == 403
    operations.change_role(agnes, "crm_viewer")
    commit()
    assert client.get("/api/v1/contacts", headers=headers).status_code == 403


def test_who_manages_people_sees_every_token_by_name_and_revokes_it(as_ada, as_mo, client, mo):
    headers = bearer(mo)
    page = as_ada.get("/people/tokens").text
    assert "trial" in page
    token = db.session.scalar(sa.select(ApiToken.id))
    assert as_mo.post(f"/people/tokens/{token}/end").status_code == 403
    as_ada.post(f"/people/tokens/{token}/end")
    assert client.get("/api/v1/contacts", headers=headers).status_code == 401
