"""Settings → Email sending: senders, and a test whose result is told phase by phase."""

import pytest

from crm.database import commit, db
from crm.delivery import dkim
from crm.delivery.models import EmailSender
from crm.delivery.senders import From, save_sender, sender_for
from crm.lib.smtp_url import Server
from crm.providers.mail import Envelope
from crm.providers.smtp_check import try_server
from tests.providers.mail_server import MailServer

SENDER = {"name": "Anna at Scales", "address": "anna@school.example", "reply_to": "office@school.example"}


@pytest.fixture
def office(app):
    made = save_sender(None, "Office", "office@school.example", "", is_default=False)
    commit()
    return made


def test_without_senders_email_is_from_mail_from(app):
    app.config["MAIL_FROM"] = "Scales <school@school.example>"
    assert sender_for() == From("Scales", "school@school.example")
    assert sender_for(7).address == "school@school.example"


def test_the_first_sender_is_the_default(as_ada, app):
    assert as_ada.post("/sending/senders/new", data=SENDER).status_code == 303
    made = db.session.query(EmailSender).one()
    assert made.is_default
    assert sender_for() == From("Anna at Scales", "anna@school.example", "office@school.example", made.id)


def test_another_default_takes_its_place(as_ada, office):
    as_ada.post("/sending/senders/new", data={**SENDER, "is_default": "y"})
    assert [each.is_default for each in db.session.query(EmailSender).order_by(EmailSender.id)] == [False, True]
    assert sender_for(office.id).name == "Office"


def test_one_that_is_removed_leaves_its_place_to_another(as_ada, office):
    as_ada.post("/sending/senders/new", data=SENDER)
    number = office.id
    assert as_ada.post(f"/sending/senders/{number}/deletion").status_code == 303
    assert sender_for(number).name == "Anna at Scales"
    assert as_ada.post(f"/sending/senders/{number}/deletion").status_code == 404


@pytest.mark.parametrize(
    "bad",
    [
        {"name": ""},
        {"address": "anna"},
        {"address": "OFFICE@school.example"},
        {"reply_to": "x"},
        {"address": "änna@x.de"},
    ],
)
def test_bad_input_stands_beside_its_field(as_ada, office, bad):
    reply = as_ada.post("/sending/senders/new", data={**SENDER, **bad})
    assert reply.status_code == 422
    assert 'aria-invalid="true"' in reply.get_data(as_text=True)
    assert db.session.query(EmailSender).count() == 1


def test_only_who_manages_settings_gets_in(as_mo, office):
    assert as_mo.get("/sending").status_code == 403
    assert as_mo.post("/sending/test", data={"address": "x@example.com"}).status_code == 403


def test_the_page_never_shows_the_password(as_ada, app):
    app.config["SMTP_URL"] = "smtp://me:hush%21hush@127.0.0.1:2525"
    page = as_ada.get("/sending").get_data(as_text=True)
    assert ("127.0.0.1" in page, "hush" in page) == (True, False)


def steps(server: Server) -> dict[str, bool | None]:
    envelope = Envelope("a@school.example", "ada@school.example", b"Subject: x\r\n\r\nx\r\n")
    return {each.phase: each.is_well for each in try_server(server, envelope, timeout=1)}


def test_a_test_that_arrives(as_ada, app):
    with MailServer() as server:
        app.config["SMTP_URL"] = server.url
        page = as_ada.post("/sending/test", data={"address": "ada@school.example", "sender_id": ""}).get_data(
            as_text=True
        )
        assert "The server took the test" in page
        assert len(server.messages) == 1


def test_nobody_listens(as_ada, app):
    app.config["SMTP_URL"] = "smtp://127.0.0.1:9"
    page = as_ada.post("/sending/test", data={"address": "ada@school.example", "sender_id": ""}).get_data(as_text=True)
    assert "connect failed" in page
    assert "Nothing listens at port 9" in page


def test_a_test_to_nowhere_is_refused(as_ada, app):
    app.config["SMTP_URL"] = "smtp://127.0.0.1:9"
    assert as_ada.post("/sending/test", data={"address": "nobody"}).status_code == 422


def test_encryption_that_is_not_offered_stops_it():
    with MailServer() as server:
        host, port = server.url.removeprefix("smtp://").partition("?")[0].split(":")
        assert steps(Server(host, int(port), "starttls")) == {
            "connect": True, "tls": False, "login": None, "mail": None, "rcpt": None, "data": None,
        }  # fmt: skip


def test_a_key_is_made_and_signing_turned_on_and_off(as_ada, office):
    assert as_ada.post("/sending/domain/other.example/key").status_code == 404
    assert as_ada.post("/sending/domain/school.example/key").status_code == 303
    page = as_ada.get("/sending/domain").get_data(as_text=True)
    assert "cohort._domainkey.school.example" in page
    assert "PRIVATE KEY" not in page
    as_ada.post("/sending/domain/school.example/signing", data={"on": "1"})
    assert dkim.is_on("school.example")
    as_ada.post("/sending/domain/school.example/signing", data={"on": "0"})
    assert not dkim.is_on("school.example")


LIMITS = {
    "mail_per_day": "5000", "mail_per_domain": "60", "mail_warmup_start": "2026-09-01", "mail_warmup_first": "50",
    "mail_warmup_growth": "30", "smtp_connections": "2",
}  # fmt: skip


def test_the_limits_are_set_on_a_page_and_hold_at_once(as_ada, app):
    assert as_ada.post("/sending/limits", data=LIMITS).status_code == 303
    config = app.config
    assert (config["MAIL_PER_DAY"], config["MAIL_PER_DOMAIN"], config["SMTP_CONNECTIONS"]) == (5000, 60, 2)
    assert config["MAIL_WARMUP_START"].isoformat() == "2026-09-01"
    assert "Since 2026-09-01: 50 on the first day" in as_ada.get("/sending").text
    assert as_ada.post("/sending/limits", data={**LIMITS, "mail_warmup_start": ""}).status_code == 303
    assert config["MAIL_WARMUP_START"] is None
    assert 'value="5000"' in as_ada.get("/sending/limits").text


def test_limits_that_make_no_sense_are_refused_beside_the_field(as_ada, as_mo, app):
    refused = as_ada.post("/sending/limits", data={**LIMITS, "mail_per_day": "-1", "smtp_connections": "lots"})
    assert (refused.status_code, app.config["MAIL_PER_DAY"]) == (422, 0)
    assert "Write a whole number between 1 and 50." in refused.text
    assert as_mo.post("/sending/limits", data=LIMITS).status_code == 403
