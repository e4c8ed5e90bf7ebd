"""Signatures made in processes of their own are the ones made here, and nothing is lost with such a process."""

import signal

import pytest

from crm.delivery import dkim
from crm.delivery.signing import Signers
from crm.email.sending import new_delivery
from tests import factories
from tests.delivery.test_dkim import verified
from tests.email.mailroom import queue
from tests.faults.test_worker_killed import until
from tests.providers.mail_server import MailServer

HEAD, BODY = b"From: a@school.example\r\nSubject: Hi\r\n", b"Hello\r\n"


@pytest.fixture
def signers():
    made = Signers(2)
    yield made
    made.close()


def begun(signers: Signers, count: int, algorithm: str = "rsa") -> tuple[dkim.Key, list[dkim.Signature]]:
    key = dkim.make_key("school.example", algorithm)
    signers.begin(dkim.signatures(HEAD, (BODY,), [key]))
    assert until(lambda: all(each.is_ready for each in signers.processes), 20)
    made = [each for _ in range(count) for each in dkim.signatures(HEAD, (BODY,), [key])]
    for each in made:
        signers.begin([each])
    return key, made


def good(key: dkim.Key, made: list[dkim.Signature]) -> int:
    messages = [each.header + HEAD + b"\r\n" + BODY for each in made]
    return sum(bool(verified(each, {key.selector: key.public})) for each in messages)


def test_they_are_made_elsewhere_in_whatever_order_they_are_wanted(app, signers):
    key, made = begun(signers, 9)
    made[8].header, made[7].header
    assert all(each.value for each in made)
    assert good(key, made) == 9


def test_more_than_the_pipes_hold_are_made_all_the_same(app, signers):
    key, made = begun(signers, 450)
    assert good(key, made) == 450


def test_what_a_busy_process_has_no_time_for_is_left_to_the_sender(app, signers):
    key, _ = begun(signers, 0)
    for each in signers.processes:
        each.process.send_signal(signal.SIGSTOP)
    made = [each for _ in range(100) for each in dkim.signatures(HEAD, (BODY,), [key])]
    signers.begin(made)
    assert [each.signer is None for each in made] == [False] * 80 + [True] * 20
    for each in signers.processes:
        each.process.send_signal(signal.SIGCONT)
    assert good(key, made) == 100


def test_what_a_dead_process_was_asked_is_signed_here(app, signers):
    key, made = begun(signers, 6)
    assert made[0].header
    for each in signers.processes:
        each.process.kill()
    made += begun(signers, 6)[1]
    signers.close()
    assert good(key, made) == 12


def test_what_a_process_that_stands_still_was_asked_is_signed_here(app, signers, monkeypatch):
    monkeypatch.setattr("crm.delivery.signing._PATIENCE", 0.1)
    key, made = begun(signers, 1)
    for each in signers.processes:
        each.process.send_signal(signal.SIGSTOP)
    for _ in range(300):
        made += dkim.signatures(HEAD, (BODY,), [key])
        signers.begin(made[-1:])
    assert good(key, made) == 301


def test_what_is_quick_or_has_no_second_processor_is_signed_here(app, signers):
    for some, algorithm in ((signers, "ed25519"), (Signers(0), "rsa")):
        key, made = begun(some, 2, algorithm)
        assert [each.signer for each in made] == [None, None]
        assert good(key, made) == 2


def test_they_end_with_whoever_started_them(app, signers):
    begun(signers, 1)
    for each in signers.processes:
        each.process.stdin.close()
        assert each.process.wait(10) == 0


def test_a_mailing_is_signed_through_and_through(app):
    key = dkim.make_key("school.example")
    dkim.turn_on("school.example")
    queue([factories.contact(email=f"p{each}@example.com") for each in range(120)])
    with MailServer() as server:
        app.config.update(SMTP_URL=server.url, MAIL_FROM="School <office@school.example>")
        delivery = new_delivery()
        delivery.run(20)
        had = len(delivery.signers.processes)
        delivery.close()
    assert had == delivery.signers.count
    assert len({recipient for _, recipient, _ in server.messages}) == len(server.messages) == 120
    assert all(verified(raw, {key.selector: key.public}) for _, _, raw in server.messages)


def test_where_no_process_can_be_started_it_is_signed_here(app, monkeypatch):
    monkeypatch.setattr("sys.executable", "/nowhere")
    signers, key = Signers(2), dkim.make_key("school.example")
    made = list(dkim.signatures(HEAD, (BODY,), [key]))
    signers.begin(made)
    assert (signers.processes, good(key, made)) == ([], 1)
