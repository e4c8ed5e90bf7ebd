"""Asking somebody to join, by a link that is good once."""

import re
from datetime import timedelta

import pytest

from crm.database import commit, db
from crm.email import account_mails
from crm.email.models import EmailMessage
from crm.lib import clock
from crm.users import inviting, queries
from crm.users.entering import Invitation
from crm.users.links import url_of
from tests.email.mailroom import deliver, read
from tests.providers.mail_server import MailServer

NEW = {"name": "Zoë Ågren", "email": " Zoe@School.example ", "role": "crm_agent", "timezone": "Europe/Stockholm"}
MINE = {"name": "Zoë", "password": "seven purple umbrellas", "again": "seven purple umbrellas"}


def path_in(text):
    return re.search(r"/(?:invitation|reset)/[\w.~-]+", text)[0]


@pytest.fixture
def mailed(app):
    """A school that sends email."""
    app.config["SMTP_URL"] = "smtp://127.0.0.1:1"


@pytest.fixture
def link(as_ada):
    """The link of an invitation, as it is shown without a mail server."""
    return path_in(as_ada.post("/people", data=NEW).text)


def test_without_a_mail_server_the_link_is_shown_once(as_ada):
    shown = as_ada.post("/people", data=NEW)
    assert (shown.status_code, shown.headers["Cache-Control"]) == (201, "no-store")
    page = as_ada.get("/people").text
    assert "zoe@school.example" in page
    assert path_in(shown.text) not in page


def test_it_is_mailed_and_kept_nowhere(as_ada, mailed):
    assert as_ada.post("/people", data=NEW).location == "/people"
    assert account_mails.queue_mails(clock.now()) == 1
    assert account_mails.queue_mails(clock.now()) == 0
    with MailServer() as server:
        deliver(server)
        mail = read(server.messages[0][-1])
    (invitation,) = queries.open_invitations()
    assert url_of(invitation) in mail.get_body(("plain",)).get_content()
    message = db.session.query(EmailMessage).one()
    assert (message.status, message.to_address) == ("sent", "zoe@school.example")
    token = url_of(invitation).rpartition("/")[2]
    assert token not in as_ada.get(f"/messages/{message.id}/content").text + str(message.merge_values)


def test_it_makes_the_account_signs_in_and_is_good_once(app, link):
    browser = app.test_client()
    assert "zoe@school.example" in browser.get(link).text
    assert browser.post(link, data=MINE).location == "/"
    assert browser.get("/account").status_code == 200
    user = queries.user_by_email("zoe@school.example")
    assert (user.name, user.role, user.timezone, user.has_initial_password) == (
        "Zoë",
        "crm_agent",
        "Europe/Stockholm",
        False,
    )
    assert app.test_client().get(link).status_code == 404
    assert (
        app.test_client()
        .post(link, data=MINE | {"password": "another long one", "again": "another long one"})
        .status_code
        == 404
    )


def test_looking_at_it_changes_nothing(app, link):
    for _ in range(3):
        assert app.test_client().get(link).status_code == 200
    assert queries.user_by_email("zoe@school.example") is None


def test_a_weak_password_or_none_is_refused_beside_the_field(app, link):
    browser = app.test_client()
    assert "at least 8 characters" in browser.post(link, data=MINE | {"password": "x", "again": "x"}).text
    assert "guessed from" in browser.post(link, data=MINE | {"password": "zoe@school.example"}).text
    assert browser.post(link, data={}).status_code == 422
    assert queries.user_by_email("zoe@school.example") is None


def test_sent_again_only_the_new_link_counts(as_ada, app, link):
    (invitation,) = queries.open_invitations()
    newer = path_in(as_ada.post(f"/people/invitations/{invitation.id}/again").text)
    assert [app.test_client().get(each).status_code for each in (link, newer)] == [404, 200]


def test_inviting_the_same_address_again_replaces_the_invitation(as_ada, app, link):
    as_ada.post("/people", data=NEW | {"role": "crm_viewer"})
    assert [each.role for each in queries.open_invitations()] == ["crm_viewer"]
    assert app.test_client().get(link).status_code == 404


def test_revoked_or_too_old_it_counts_no_more(as_ada, app, link, ada):
    (invitation,) = queries.open_invitations()
    as_ada.post(f"/people/invitations/{invitation.id}/revocation")
    assert app.test_client().get(link).status_code == 404
    old = inviting.invite("old@school.example", "", "crm_agent", "UTC", ada)
    old.expires_at = clock.now() - timedelta(seconds=1)
    commit()
    assert app.test_client().get(path_in(url_of(old))).status_code == 404


def test_a_forged_link_is_none(app, anonymous, link):
    invitation = db.session.query(Invitation).one()
    for wrong in (link[:-1], link.replace("invitation", "reset"), f"/invitation/{invitation.id}", "/invitation/~"):
        assert anonymous.get(wrong).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"email": "zoe"}, "is no email address"),
        ({"email": "ADA@school.example"}, "already has an account"),
        ({"role": "crm_emperor"}, "Not a valid choice"),
        ({"timezone": "Mars/Olympus"}, "Not a valid choice"),
    ],
)
def test_bad_input_invites_nobody_and_says_why(as_ada, wrong, words):
    reply = as_ada.post("/people", data=NEW | wrong)
    assert reply.status_code == 422
    assert words in reply.text
    assert queries.open_invitations() == []


def test_a_mail_to_one_address_never_carries_the_link_of_another(as_ada, mailed):
    as_ada.post("/people", data=NEW)
    account_mails.queue_mails(clock.now())
    (invitation,) = queries.open_invitations()
    invitation.email = "boss@school.example"
    commit()
    with MailServer() as server:
        deliver(server)
        mail = read(server.messages[0][-1])
    assert mail["To"] == "zoe@school.example"
    assert url_of(invitation) not in mail.get_body(("plain",)).get_content()
