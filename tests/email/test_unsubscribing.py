"""Leaving and coming back: only by POST, at once, from the mail itself."""

import re
from datetime import timedelta
from html import unescape

import pytest
import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.contacts.models import Contact
from crm.database import commit, db
from crm.duplicates.operations import merge_contacts
from crm.email.addresses import unsubscribe_url
from crm.email.models import EmailMessage
from crm.email.one_click import Leave, leave_with_one_click
from crm.lib import clock
from crm.lib.tokens import tokens
from crm.preferences.models import ConsentRecord, EmailUnsubscribe
from tests import factories
from tests.conftest import make_app
from tests.email.mailroom import BODY, BROWSER, deliver, queue, read, sent
from tests.providers.mail_server import MailServer

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def carla(app) -> Contact:
    return factories.contact()


@pytest.fixture
def message(carla) -> EmailMessage:
    return sent(carla)


@pytest.fixture
def url(message) -> str:
    return unsubscribe_url(message.contact_id, message.id).removeprefix("http://127.0.0.1:8000")


def opt_outs() -> list[EmailUnsubscribe]:
    db.session.expire_all()
    return list(db.session.scalars(sa.select(EmailUnsubscribe).order_by(EmailUnsubscribe.id)))


def kinds() -> list[str]:
    return list(db.session.scalars(sa.select(ContactActivity.activity_type).order_by(ContactActivity.id)))[1:]


def test_looking_changes_nothing(anonymous, url):
    for _ in range(2):
        reply = anonymous.get(url)
        assert reply.status_code == 200
        assert b"carla@example.com" in reply.data
    anonymous.head(url)
    assert opt_outs() == []


def test_leaving_with_a_reason(anonymous, url, message):
    reply = anonymous.post(url, data={"reason": "too_many", "feedback": "Less, please"}, follow_redirects=True)
    assert b"You are unsubscribed" in reply.data
    (row,) = opt_outs()
    assert (row.email, row.reason, row.feedback, row.email_message_id) == (
        "carla@example.com",
        "too_many",
        "Less, please",
        message.id,
    )
    assert message.unsubscribed_at
    assert kinds() == ["email_unsubscribed"]


@pytest.mark.parametrize("form", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_one_click_needs_no_cookie_and_no_token(tmp_path, empty_database, form, monkeypatch):
    monkeypatch.delenv("SMTP_URL", raising=False)
    (tmp_path / "crm.db").write_bytes(empty_database.read_bytes())
    app = make_app(tmp_path, WTF_CSRF_ENABLED=True)
    with app.app_context():
        factories.user("ada")
        message = sent(factories.contact())
        url = unsubscribe_url(message.contact_id, message.id).removeprefix("http://127.0.0.1:8000")
        for _ in range(2):
            reply = app.test_client().post(url, data=ONE_CLICK, content_type=form)
            assert (reply.status_code, reply.location) == (200, None)
        assert len(opt_outs()) == 1
        db.session.remove()


def test_leaving_twice_is_one_leaving(anonymous, url):
    anonymous.post(url, data=ONE_CLICK)
    anonymous.post(url, data={"reason": "other"})
    assert [row.reason for row in opt_outs()] == ["other"]
    assert kinds() == ["email_unsubscribed"]


def test_staff_read_the_reason_where_they_look_at_the_contact(anonymous, url, carla, as_mo):
    anonymous.post(url, data={"reason": "too_many", "feedback": "Less, please"})
    panel = as_mo.get(f"/contacts/{carla.id}/preferences").text
    assert "Too many emails: “Less, please”" in panel


def test_coming_back(anonymous, url):
    anonymous.post(url, data=ONE_CLICK)
    reply = anonymous.post(f"{url}/return", follow_redirects=True)
    assert b"You are subscribed again" in reply.data
    assert b"Shall" in anonymous.get(url).data
    assert [row.resubscribed_at is not None for row in opt_outs()] == [True]
    anonymous.post(url, data=ONE_CLICK)
    assert len(opt_outs()) == 2
    assert kinds() == ["email_unsubscribed", "email_resubscribed", "email_unsubscribed"]


def test_who_left_gets_no_more_news_but_what_they_asked_for(anonymous, url, carla):
    anonymous.post(url, data=ONE_CLICK)
    news, receipt = queue([carla], visit_no=2)[0], queue([carla], visit_no=3, is_marketing=False)[0]
    deliver()
    assert (news.status, news.reason) == ("skipped", "The contact unsubscribed.")
    assert receipt.status == "sent"


def test_the_header_in_the_mail_is_the_way_out(carla, anonymous):
    queue([carla])
    with MailServer() as server:
        deliver(server)
    mail = read(server.messages[0][2])
    url = mail["List-Unsubscribe"].strip("<>")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert anonymous.post(url.removeprefix("http://127.0.0.1:8000"), data=ONE_CLICK).status_code == 200
    assert len(opt_outs()) == 1


def test_a_forged_token_is_not_found(anonymous, url):
    for bad in (
        url[:-1] + ("A" if url[-1] != "A" else "B"),
        "/api/track/unsubscribe/1",
        url.replace("unsubscribe/", "unsubscribe/1"),
    ):
        assert anonymous.get(bad).status_code == 404
        assert "answer the email" in anonymous.get(bad).text
        assert anonymous.post(bad, data=ONE_CLICK).status_code == 404
    assert opt_outs() == []


def test_the_link_outlives_its_message(anonymous, url, message):
    db.session.delete(message)
    commit()
    assert anonymous.post(url, data=ONE_CLICK).status_code == 200
    assert len(opt_outs()) == 1


def test_who_is_gone_is_told_so(anonymous, url, carla, message):
    db.session.delete(message)
    db.session.delete(carla)
    commit()
    assert anonymous.get(url).status_code == 410
    assert anonymous.post(url, data=ONE_CLICK).status_code == 200
    assert opt_outs() == []


def test_nonsense_in_the_form_is_harmless(anonymous, url):
    anonymous.post(url, data={"reason": "<script>", "feedback": "x" * 9000})
    (row,) = opt_outs()
    assert row.reason is None
    assert len(row.feedback) == 5000


def test_one_click_keeps_the_proof_and_what_it_answered(anonymous, url, message):
    anonymous.post(url, data=ONE_CLICK)
    (row,) = opt_outs()
    assert (row.email, row.contact_id, row.email_message_id) == ("carla@example.com", message.contact_id, message.id)
    proof = db.session.scalars(sa.select(ConsentRecord)).one()
    assert (proof.what, proof.is_on, proof.how, proof.ip_address) == (
        "subscription",
        False,
        "mail_program",
        "127.0.0.1",
    )
    assert message.unsubscribed_at


def test_many_leave_in_one_transaction(app):
    people = [factories.contact(email=f"carla{number}@example.com") for number in range(3)]
    messages = queue(people)
    now = clock.now()
    leaves = [Leave(each.contact_id, each.id, now) for each in [*messages, messages[0]]]
    for news in (True, False):
        assert leave_with_one_click(db.session.connection(), leaves, "Scales") is news
        commit()
    assert sorted(row.email for row in opt_outs()) == [f"carla{number}@example.com" for number in range(3)]
    told = sa.select(ContactActivity.contact_id).where(ContactActivity.activity_type == "email_unsubscribed")
    assert sorted(db.session.scalars(told)) == [each.id for each in people]


def test_one_click_that_cannot_be_written_is_not_answered_as_if_it_were(app, anonymous, url, monkeypatch):
    def full(*_):
        raise sa.exc.OperationalError("INSERT", {}, Exception("database or disk is full"))

    monkeypatch.setattr("crm.email.recorder.leave_with_one_click", full)
    monkeypatch.setattr("crm.preferences.operations.emit", full)
    assert anonymous.post(url, data=ONE_CLICK).status_code >= 500
    assert opt_outs() == []
    monkeypatch.undo()
    assert anonymous.post(url, data=ONE_CLICK).status_code == 200
    assert len(opt_outs()) == 1


def test_every_link_of_a_mail_can_be_fetched_and_changes_nothing(carla, anonymous):
    queue([carla], body=f"{BODY} [Unsubscribe]({{{{ unsubscribe_url }}}}) {{{{ school.address }}}}")
    with MailServer() as server:
        deliver(server)
    mail = read(server.messages[0][2])
    html, text = (mail.get_body((kind,)).get_content() for kind in ("html", "plain"))
    urls = {unescape(each) for each in re.findall(r'(?:href|src)="(http[^"]+)"', html)}
    urls |= set(re.findall(r"http://127[^\s>)]+", text)) | {mail["List-Unsubscribe"].strip("<>")}
    assert len([each for each in urls if "/api/track/" in each]) >= 4
    for url in urls:
        for method in ("HEAD", "GET"):
            reply = anonymous.open(url.removeprefix("http://127.0.0.1:8000"), method=method, headers=BROWSER)
            assert reply.status_code in {200, 302}, url
    assert opt_outs() == []
    assert db.session.scalars(sa.select(ConsentRecord)).all() == []


def test_the_link_works_after_the_secret_was_changed_and_after_a_long_time(tmp_path, empty_database, monkeypatch):
    for name in ("SMTP_URL", "SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "crm.db").write_bytes(empty_database.read_bytes())
    old, new = "o" * 40, "n" * 40
    with make_app(tmp_path, SECRET_KEY=old).app_context():
        factories.user("ada")
        message = sent(factories.contact(), purpose="broadcast")
        message.sent_at -= timedelta(days=60)
        commit()
        path = unsubscribe_url(message.contact_id, message.id).removeprefix("http://127.0.0.1:8000")
        db.session.delete(message)
        commit()
        db.session.remove()
    app = make_app(tmp_path, SECRET_KEY=new, SECRET_KEY_FALLBACKS=[old])
    with app.app_context():
        assert app.test_client().get(path).status_code == 200
        assert app.test_client().post(path, data=ONE_CLICK).status_code == 200
        assert len(opt_outs()) == 1
        db.session.remove()


def test_a_token_is_good_for_its_own_contact_alone(anonymous, message):
    bert = factories.contact(email="bert@example.com")
    own = tokens().sign("unsubscribe", message.contact_id, message.id)
    for forged in (
        own.replace(own.split(".")[0], str(bert.id), 1),
        tokens().sign("open", bert.id, message.id),
        tokens().sign("click", bert.id, message.id),
    ):
        assert anonymous.post(f"/api/track/unsubscribe/{forged}", data=ONE_CLICK).status_code == 404
    assert opt_outs() == []


@pytest.mark.parametrize("form", [ONE_CLICK, {"reason": "too_many"}])
def test_whoever_was_merged_since_leaves_all_the_same(anonymous, message, url, carla, mo, form):
    survivor = factories.contact(email="c.diaz@example.com")
    merge_contacts(survivor, carla, [], mo.actor)
    commit()
    anonymous.post(url, data=form)
    assert [(each.email, each.contact_id) for each in opt_outs()] == [("carla@example.com", survivor.id)]
    assert anonymous.get(f"{url}/message").status_code == 200
    (news,) = queue([survivor], visit_no=7)
    deliver()
    assert (news.status, news.reason) == ("skipped", "The contact wants no news and offers.")


def test_whoever_was_deleted_is_not_taken_for_somebody_else(anonymous, message, url, carla, mo):
    other = factories.contact(email="other@example.com")
    message.contact_id, message.to_address = other.id, other.email
    db.session.delete(carla)
    commit()
    anonymous.post(url, data=ONE_CLICK)
    assert opt_outs() == []
    assert anonymous.get(url).status_code == 410
