"""A mailbox is read for bounces and replies: from where it was left, each mail once, nothing in it changed."""

import email
from datetime import timedelta

import pytest
import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.bounces import mailbox
from crm.bounces.incoming import understood
from crm.bounces.reply_text import own_words, text_of
from crm.database import commit, db
from crm.delivery.models import Suppression
from crm.email.reporting import report_headers
from crm.lib import clock
from crm.notifications.models import Notification
from tests.bounces.mail_box import MailBox
from tests.bounces.mails import COMPLAINT, QMAIL, dsn, reply


@pytest.fixture
def box(app):
    made = MailBox()
    app.config["IMAP_URL"] = made.url
    yield made
    made.close()


def read(at=None) -> int:
    commit()
    count = mailbox.read_mailbox(at or clock.now())
    db.session.expire_all()
    return count


def told(contact, kind="email_replied"):
    mine = ContactActivity.contact_id == contact.id, ContactActivity.activity_type == kind
    return db.session.scalars(sa.select(ContactActivity).where(*mine)).all()


def suppressed():
    return dict(db.session.execute(sa.select(Suppression.address, Suppression.kind)).all())


def test_a_bounce_counts_once(box, message, carla):
    box.put(dsn("carla@example.com failed 5.1.1 550 no such user", name=message.message_id))
    assert (read(), read()) == (1, 0)
    assert (message.status, message.bounce_type) == ("failed", "hard")
    assert suppressed() == {"carla@example.com": "hard"}
    assert len(told(carla, "email_bounced")) == 1
    assert (mailbox.mailbox().bounces, mailbox.mailbox().problem) == (1, None)


def test_nothing_in_it_is_changed(box, message):
    box.put(reply(message.message_id))
    read()
    assert {each.split()[0] for each in box.commands} <= {"CAPABILITY", "LOGIN", "EXAMINE", "UID", "LOGOUT"}
    assert not any(word in each for each in box.commands for word in ("STORE", "EXPUNGE", "MOVE", "SELECT", "BODY[]"))


def test_the_token_names_the_mail_too(box, message):
    returned = f"Subject: Hi\n{report_headers(message.id)[0]}\n"
    box.put(dsn("alias@elsewhere.example failed 5.1.1 gone", returned=returned))
    read()
    assert suppressed() == {"carla@example.com": "hard"}


def test_of_several_recipients_each_counts_for_itself(box, message):
    box.put(dsn("other@example.com failed 5.1.1 gone", "carla@example.com delayed 4.4.1 busy", name=message.message_id))
    read()
    assert (message.status, suppressed()) == ("sent", {})


@pytest.mark.parametrize(
    ("what", "kind"),
    [
        ("failed 5.2.2 mailbox full", "soft"),
        ("failed 5.7.1 policy", "blocked"),
        ("failed 4.4.7 expired", "soft"),
        ("delayed 4.4.1 busy", None),
        ("delivered 2.0.0 fine", None),
    ],
)
def test_what_is_no_dead_address_suppresses_nothing(box, message, what, kind):
    box.put(dsn(f"carla@example.com {what}", name=message.message_id))
    read()
    assert (message.bounce_type, suppressed()) == (kind, {})


def test_a_bounce_of_a_mail_never_sent_changes_nothing(box, message):
    box.put(dsn("carla@example.com failed 5.1.1 gone", name="<forged@evil.example>"))
    assert read() == 1
    assert (message.status, suppressed()) == ("sent", {})


def test_a_complaint_and_a_bounce_in_words(box, message):
    box.put(QMAIL.format(name=message.message_id).encode())
    read()
    assert suppressed() == {"carla@example.com": "hard"}
    box.put(COMPLAINT.format(name=message.message_id).encode())
    read()
    assert suppressed() == {"carla@example.com": "complaint"}


def test_a_reply_lands_on_the_timeline_and_tells_the_owner(box, message, carla, agnes):
    carla.owner_id = agnes.id
    box.put(
        reply(
            message.message_id,
            "Yes <b>please</b>!\n\nOn Mon, 2 Feb 2026 at 10:00, School wrote:\n> Do you want to come?",
        )
    )
    read()
    (fact,) = told(carla)
    assert (fact.title, fact.description) == ("Email answered: Re: Grüße", "Yes <b>please</b>!")
    assert "please" not in str(fact.metadata_)
    news = db.session.scalar(sa.select(Notification).where(Notification.user_id == agnes.id))
    assert (news.title, news.action_url) == ("Carla Diaz answered your email", f"/contacts/{carla.id}")
    box.put(reply(message.message_id))
    read()
    assert len(told(carla)) == 1


@pytest.mark.parametrize(
    "header",
    ["Auto-Submitted: auto-replied", "X-Autoreply: yes", "Precedence: auto_reply", "Return-Path: <>", "List-Id: <x.y>"],
)
def test_an_automatic_reply_is_none(box, message, carla, header):
    box.put(reply(message.message_id, "I am away", header))
    assert read() == 1
    assert told(carla) == []


def test_it_goes_on_from_where_it_was_left(box, message, carla, monkeypatch):
    monkeypatch.setattr(mailbox, "BATCH", 2)
    monkeypatch.setattr(mailbox, "BATCHES", 2)
    box.put(*(reply(message.message_id, number=str(number)) for number in range(7)))
    assert [read(), read(), read()] == [4, 3, 0]
    box.validity = 8
    box.put(reply(message.message_id, number="last"))
    assert read() == 4
    read()
    assert len(told(carla)) == 8


def test_two_workers_do_not_read_at_once(box, message):
    box.put(reply(message.message_id))
    commit()
    now = clock.now()
    assert mailbox._claimed(mailbox.mailbox_address().key, now) is not None
    assert read(now) == 0
    assert read(now + timedelta(minutes=6)) == 1


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("the%20password", None),
        ("wrong", "AUTHENTICATIONFAILED"),
        ("folder", "no folder"),
        ("down", "cannot be reached"),
    ],
)
def test_what_goes_wrong_is_told_without_the_password(box, app, url, words):
    changed = {
        "wrong": box.url.replace("the%20password", "secretive"),
        "folder": box.url.replace("INBOX", "Elsewhere"),
        "down": box.url.replace(f":{box.server.server_address[1]}", ":9"),
    }
    app.config["IMAP_URL"] = changed.get(url, box.url)
    read()
    problem = mailbox.mailbox().problem
    assert words in problem if words else problem is None, problem
    assert "secretive" not in str(problem)
    assert mailbox.mailbox().lease_until is None


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe\x00",
        b"Content-Type: multipart/report; report-type=delivery-status\n\nx",
        b"From: a\nIn-Reply-To: <x>\n\n" + b">" * 9999,
    ],
)
def test_junk_is_passed_over(box, message, raw):
    box.put(raw, dsn("carla@example.com failed 5.1.1 gone", name=message.message_id))
    assert read() == 2
    assert message.status == "failed"


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Ja!\n\nAm 02.02.2026 um 10:00 schrieb Schule <a@b.c>:\n> Kommen Sie?", "Ja!"),
        ("Oui\n\nLe 2 févr. 2026, École <a@b.c> a\nécrit :\n> Venez", "Oui"),
        ("Ok\n-----Original Message-----\nFrom: School", "Ok"),
        ("Ok\nFrom: School\nSent: Monday\nTo: me", "Ok"),
        ("> asked\nanswered", "answered"),
    ],
)
def test_what_a_reply_quotes_is_cut(text, own):
    assert own_words(text) == own


HTML = "Content-Type: text/html\n\n<style>p{color:red}</style><p>Yes&nbsp;&amp; <b>no</b></p><script>x()</script><div class=gmail_quote>On …</div>"


def test_of_html_only_the_words_are_kept(app):
    assert own_words(text_of(email.message_from_string(HTML))) == "Yes & no"


@pytest.mark.parametrize("part", ["<script", "<br ", "<div ", "<", "&", "On a ", "5.1.", "> ", "<blockquote"])
def test_what_is_made_to_take_long_does_not(app, part):
    for kind in ("plain", "html"):
        raw = f"From: mailer-daemon@x\nSubject: {part * 500}\nContent-Type: text/{kind}\n\n{part * 50_000}".encode()
        understood(raw, clock.now())
        own_words(text_of(email.message_from_bytes(raw)))
