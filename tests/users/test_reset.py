"""A forgotten password."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crm.database import commit, db
from crm.email import account_mails
from crm.email.models import EmailMessage
from crm.lib import clock
from crm.users import operations
from crm.users.entering import PasswordReset
from crm.users.links import url_of
from crm.users.passwords import is_right
from tests.users.test_invite import path_in
from tests.users.test_sign_in import try_it

NEW = {"password": "seven purple umbrellas", "again": "seven purple umbrellas"}


@pytest.fixture(autouse=True)
def mailed(app):
    app.config["SMTP_URL"] = "smtp://127.0.0.1:1"


def ask(client, email="ada@school.example"):
    return client.post("/reset", data={"email": email})


def link_of(reset_number=0):
    return path_in(url_of(db.session.scalars(sa.select(PasswordReset).order_by(PasswordReset.id)).all()[reset_number]))


def test_the_link_sets_a_new_password_once_and_ends_every_sign_in(anonymous, as_ada, ada):
    assert ask(anonymous, " Ada@School.example").status_code == 200
    assert account_mails.queue_mails(clock.now()) == 1
    assert db.session.scalar(sa.select(EmailMessage.to_address)) == "ada@school.example"
    link = link_of()
    assert "ada@school.example" in anonymous.get(link).text
    assert anonymous.post(link, data=NEW).location == "/sign-in"
    assert is_right(ada.password_hash, NEW["password"])
    assert as_ada.get("/account").status_code == 302
    assert try_it(anonymous, password=NEW["password"]).status_code == 303
    assert [anonymous.get(link).status_code, anonymous.post(link, data=NEW).status_code] == [404, 404]


def test_an_unknown_or_closed_address_gets_the_same_answer_the_same_rows_and_no_mail(anonymous, mo):
    operations.disable(mo)
    known, unknown, closed = (ask(anonymous, f"{each}@school.example") for each in ("ada", "eve", "mo"))
    assert known.text.replace("ada@", "x@") == unknown.text.replace("eve@", "x@") == closed.text.replace("mo@", "x@")
    assert db.session.scalar(sa.select(sa.func.count(PasswordReset.id))) == 3
    account_mails.queue_mails(clock.now())
    assert db.session.scalars(sa.select(EmailMessage.to_address)).all() == ["ada@school.example"]


def test_only_the_latest_link_counts_and_for_an_hour(anonymous):
    ask(anonymous)
    ask(anonymous)
    assert [anonymous.get(link_of(each)).status_code for each in (0, 1)] == [404, 200]
    db.session.execute(sa.update(PasswordReset).values(expires_at=clock.now() - timedelta(seconds=1)))
    commit()
    assert anonymous.get(link_of(1)).status_code == 404


def test_a_bad_password_is_refused_and_the_link_still_counts(anonymous, ada):
    ask(anonymous)
    assert anonymous.post(link_of(), data={"password": "short", "again": "short"}).status_code == 422
    assert anonymous.post(link_of(), data={"password": NEW["password"], "again": "else"}).status_code == 422
    assert anonymous.get(link_of()).status_code == 200


def test_asking_is_slowed_down_whether_or_not_the_address_is_known(anonymous):
    for name in ("ada", "eve"):
        assert [ask(anonymous, f"{name}@school.example").status_code for _ in range(6)] == [200] * 5 + [429]
