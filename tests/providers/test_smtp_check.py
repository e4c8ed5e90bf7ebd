"""Trying a mail server: whatever phase it refuses, the phases before are well, its words are told, and those behind are not reached."""

import pytest

from crm.lib.smtp_url import Server
from crm.providers.mail import Envelope
from crm.providers.smtp_check import PHASES, try_server
from tests.providers.mail_server import DROP, HANG, MailServer

LETTER = Envelope("school@school.example", "ada@school.example", b"Subject: A test\r\n\r\nHello.\r\n")
SIGNS_IN = b"250-trap\r\n250 AUTH PLAIN LOGIN\r\n"


def tried(script, ehlo=SIGNS_IN, user="ada:secret@"):
    """How each phase went, the refused one, and what arrived."""
    with MailServer(script, ehlo) as server:
        steps = try_server(Server.of_url(server.url.replace("smtp://", f"smtp://{user}")), LETTER, timeout=0.5)
        assert [each.phase for each in steps] == list(PHASES)
        return steps, server


def test_all_is_well():
    steps, server = tried({})
    assert [each.is_well for each in steps] == [True, None, True, True, True, True]
    assert [each.words for each in steps][1:3] == ["No encryption, as set.", "Signed in as ada."]
    assert len(server.messages) == 1


def test_without_a_user_name_nobody_signs_in():
    steps, _ = tried({"auth": b"535 no\r\n"}, user="")
    assert (steps[2].is_well, steps[2].words, steps[5].is_well) == (None, "No user name is set.", True)


@pytest.mark.parametrize(
    ("script", "phase", "words", "advice"),
    [
        ({"banner": b"554 go away\r\n"}, "connect", "554 go away", "check host and port"),
        ({"banner": HANG}, "connect", "did not answer in time", "firewall"),
        ({"auth": b"535 5.7.8 bad credentials\r\n"}, "login", "refused the user name or password (535)", "app password"),
        ({"auth": DROP}, "login", "The connection ended", "refuse this machine's address"),
        ({"mail": b"550 5.7.1 sender not verified\r\n"}, "mail", "550 5.7.1 sender not verified", "verified with your provider"),
        ({"mail": b"451 4.7.0 slow down\r\n"}, "mail", "451 4.7.0 slow down", "It says: try later."),
        ({"rcpt": b"554 5.7.1 relay access denied\r\n"}, "rcpt", "554 5.7.1 relay access denied", "relays only"),
        ({"rcpt": b"450 4.2.0 greylisted\r\n"}, "rcpt", "450 4.2.0 greylisted", "It says: try later."),
        ({"data": b"503 5.5.1 not now\r\n"}, "data", "503 5.5.1 not now", "lacks SPF or DKIM"),
        ({"dot": b"554 5.7.1 looks like spam\r\n"}, "data", "554 5.7.1 looks like spam", "lacks SPF or DKIM"),
        ({"dot": DROP}, "data", "The connection ended", ""),
    ],
)  # fmt: skip
def test_a_phase_that_is_refused_is_told_in_its_words(script, phase, words, advice):
    steps, server = tried(script)
    at = list(PHASES).index(phase)
    assert words in steps[at].words
    assert advice in steps[at].advice
    assert [each.is_well for each in steps[: at + 1]] == [*[True, None, True, True, True][:at], False]
    assert {each.words for each in steps[at + 1 :]} <= {"Not reached."}
    assert bool(server.messages) == ("dot" in script)


def test_signing_in_where_it_is_not_offered():
    steps, _ = tried({}, ehlo=b"250 trap\r\n")
    assert (steps[2].is_well, steps[2].words) == (False, "It offers no way to sign in here.")


def test_a_certificate_and_a_name_that_do_not_hold():
    with MailServer() as server:
        steps = try_server(Server.of_url(server.url.replace("tls=none", "tls=tls")), LETTER, timeout=0.5)
    assert (steps[0].is_well, steps[1].words) == (False, "Not reached.")
    steps = try_server(Server.of_url("smtp://mail.school.invalid:587?tls=none"), LETTER, timeout=0.5)
    assert steps[0].words == "There is no server named mail.school.invalid."
