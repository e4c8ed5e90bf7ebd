"""Sending what is due: each message once, each end in the ledger, one bad recipient in nobody's way."""

import threading

import pytest
import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.contacts.models import Contact
from crm.database import commit, db
from crm.delivery import ledger
from crm.delivery.models import Suppression
from crm.delivery.operations import suppress
from crm.email.claiming import claim_batch, messages
from crm.email.jobs import deliver as deliver_job
from crm.email.models import EmailMessage
from crm.email.operations import queue_emails
from crm.email.turns import Turns
from crm.lib import clock
from tests import factories
from tests.email.mailroom import deliver, later, queue, read, sent
from tests.providers.mail_server import DROP, HANG, MailServer


@pytest.fixture
def carla(app) -> Contact:
    return factories.contact()


def kinds() -> list[str]:
    return list(db.session.scalars(sa.select(ContactActivity.activity_type).order_by(ContactActivity.id)))


def people(count: int) -> list[Contact]:
    return [factories.contact(first_name=f"P{n}", email=f"p{n}@example.com") for n in range(count)]


def test_a_message_goes_out_and_is_recorded(carla):
    (message,) = queue([carla])
    with MailServer() as server:
        deliver(server)
    mail = read(server.messages[0][2])
    assert (message.status, message.code, message.subject, message.provider) == ("sent", 250, "Hi Carla", "smtp")
    assert (mail["Subject"], mail["To"], mail["Message-ID"]) == (
        "Hi Carla",
        "Carla Diaz <carla@example.com>",
        message.message_id,
    )
    assert message.to_address == "carla@example.com"
    assert message.merge_values["contact"] == {"first_name": "Carla"}
    assert carla.last_email_sent_at == message.sent_at
    assert kinds() == ["email_sent"]


def test_without_smtp_it_lands_in_the_outbox(carla):
    message = sent(carla)
    assert (message.status, message.provider) == ("sent", "outbox")


def test_queueing_twice_sends_once(carla):
    (message,) = queue([carla])
    assert queue([carla]) == []
    with MailServer() as server:
        deliver(server)
        deliver(server)
    assert len(server.messages) == 1
    assert message.status == "sent"


def test_nothing_to_queue_is_no_error(app):
    assert queue_emails([]) == []


@pytest.mark.parametrize(
    ("script", "status"),
    [
        ({"banner": DROP}, "pending"),
        ({"mail": DROP}, "pending"),
        ({"rcpt": b"451 greylisted\r\n"}, "pending"),
        ({"rcpt": b"421 later\r\n"}, "pending"),
        ({"data": DROP}, "pending"),
        ({"dot": b"452 full\r\n"}, "pending"),
        ({"rcpt": b"550 5.1.1 nobody\r\n"}, "failed"),
        ({"data": b"554 no\r\n"}, "failed"),
        ({"dot": b"554 spam\r\n"}, "failed"),
        ({"dot": DROP}, "unknown"),
        ({"dot": HANG}, "unknown"),
        ({"dot": b"nonsense\r\n"}, "unknown"),
    ],
)
def test_each_end_has_its_state(carla, script, status):
    (message,) = queue([carla])
    with MailServer(script) as server:
        deliver(server)
    assert message.status == status
    assert message.reason
    assert message.lease_until is None
    assert kinds() == (["email_bounced"] if script.get("rcpt", b"").startswith(b"550") else [])


def test_what_was_put_off_waits_longer_each_time_and_is_given_up(carla):
    (message,) = queue([carla])
    with MailServer({"rcpt": b"451 later\r\n"}) as server:
        waits, now = [], clock.now()
        for _ in range(3):
            deliver(server, now)
            waits.append((message.due_at - now).total_seconds())
            now = message.due_at
        assert waits == [60, 120, 240]
        deliver(server, later(days=3, minutes=1))
    assert message.status == "failed"
    assert "three days" in message.reason


def test_what_was_put_off_is_not_tried_before_its_time(carla):
    (message,) = queue([carla])
    with MailServer({"rcpt": [b"451 later\r\n"]}) as server:
        deliver(server)
        deliver(server)
        assert (message.status, message.attempts) == ("pending", 1)
        deliver(server, later(minutes=2))
    assert message.status == "sent"


def test_nobody_is_there_so_nothing_more_is_sent_there(carla):
    (message,) = queue([carla])
    with MailServer({"rcpt": b"550 5.1.1 <b>nobody</b>\r\n"}) as server:
        deliver(server)
    assert (message.bounce_type, message.code) == ("hard", 550)
    assert db.session.scalars(sa.select(Suppression.address)).all() == ["carla@example.com"]
    assert sent(carla, visit_no=2).status == "skipped"


@pytest.mark.parametrize(
    "answer",
    [
        "552 5.2.2 full", "550 5.7.1 policy", "554 5.2.2 over quota", "550 relay not permitted", "550 Relaying denied",
        "530 Authentication required", "550 authentication required", "550 Administrative prohibition", "550 Sender verify failed",
        "550 5.1.8 <school@school.example>: Sender address rejected: Domain not found", "550 5.1.7 bad sender", "503 bad sequence",
        "554 Service unavailable; Client host [192.0.2.1] blocked using zen.example", "550 Access denied - Invalid HELO name",
    ],
)  # fmt: skip
def test_a_full_mailbox_a_policy_or_what_is_about_us_suppresses_nobody(carla, answer):
    """Servers without enhanced codes say in words alone that they mean us: one wrong setting must not cost all addresses."""
    (message,) = queue([carla])
    with MailServer({"rcpt": f"{answer}\r\n".encode()}) as server:
        deliver(server)
    assert (message.status, message.bounce_type) == ("failed", None)
    assert db.session.scalar(sa.select(Suppression.id)) is None


@pytest.mark.parametrize(
    "answer",
    ["550 No such user here", "550 Unrouteable address", "551 User not local", "553 mailbox name not allowed here", "550 5.1.10 null MX", "550 5.5.0 mailbox unavailable"],
)  # fmt: skip
def test_in_words_alone_nobody_is_there_either(carla, answer):
    (message,) = queue([carla])
    with MailServer({"rcpt": f"{answer}\r\n".encode()}) as server:
        deliver(server)
    assert message.bounce_type == "hard"


def test_one_bad_recipient_stops_and_repeats_nobody(app):
    rows = queue(people(5))
    with MailServer({"rcpt": [b"250 ok\r\n", DROP, DROP, b"550 no\r\n", b"451 later\r\n"]}) as server:
        deliver(server)
    assert [each.status for each in rows] == ["sent", "pending", "failed", "pending", "sent"]
    assert len(server.messages) == 2


def test_a_dead_server_costs_one_try(app):
    rows = queue(people(3))
    with MailServer({"banner": DROP}) as server:
        assert deliver(server).is_down
    assert server.connections == 1
    assert [each.status for each in rows] == ["pending"] * 3
    assert sorted(each.attempts for each in rows) == [0, 0, 1]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"email": None}, "The contact has no email address."),
        ({"email": "carla@exa mple.com"}, "“exa mple.com” is not the name of a mail server."),
    ],
)
def test_who_cannot_be_written_to_is_told(app, values, reason):
    message = sent(factories.contact(**values))
    assert message.status in ("skipped", "failed")
    assert message.reason == reason


def test_a_broken_content_fails_with_words(carla):
    message = sent(carla, body="{{ contact.first_name")
    assert (message.status, message.reason) == ("failed", "Line 1: The closing }} is missing.")


def test_a_suppressed_address_is_skipped(carla):
    suppress("Carla@Example.com", "complaint")
    message = sent(carla)
    assert (message.status, message.reason) == ("skipped", "The address is suppressed: complaint")


def test_a_crash_before_writing_out_gives_the_message_back(carla):
    (message,) = queue([carla])
    claim_batch(clock.now(), 10, Turns())
    commit()
    assert ledger.sweep(messages, later(seconds=30)) == 1
    commit()
    deliver()
    assert message.status == "sent"


def test_a_crash_after_writing_out_is_unknown_and_never_repeated(carla):
    (message,) = queue([carla])

    def killed(phase: str) -> None:
        if phase == "dot":
            raise EOFError

    with MailServer() as server:
        server.at = killed
        deliver(server)
        deliver(server, later(days=1))
    assert message.status == "unknown"
    assert len(server.messages) == 1


def test_what_was_being_written_out_when_the_worker_died_is_unknown(carla):
    (message,) = queue([carla])
    db.session.execute(
        sa.update(EmailMessage).values(status="sending", lease_until=later(seconds=-1), dot_at=clock.now())
    )
    commit()
    deliver_job()
    db.session.expire_all()
    assert message.status == "unknown"


def test_a_zombie_cannot_send_or_overwrite(carla):
    (message,) = queue([carla])
    engine = db.engine

    def taken_over(phase: str) -> None:
        if phase == "data":
            with engine.begin() as other:
                other.execute(sa.update(messages).values(fence=messages.c.fence + 1))

    with MailServer() as server:
        server.at = taken_over
        deliver(server)
    assert server.messages == []
    assert message.status == "claimed"


def test_two_senders_send_each_message_once(app):
    rows = queue(people(40))
    with MailServer() as server:

        def work() -> None:
            with app.app_context():
                deliver(server)
                db.session.remove()

        commit()
        threads = [threading.Thread(target=work) for _ in range(3)]
        [each.start() for each in threads]
        [each.join() for each in threads]
    db.session.expire_all()
    assert [each.status for each in rows] == ["sent"] * 40
    assert len({recipient for _, recipient, _ in server.messages}) == len(server.messages) == 40


def test_the_job_sends_what_is_due(carla):
    (message,) = queue([carla])
    deliver_job()
    db.session.expire_all()
    assert message.status == "sent"
