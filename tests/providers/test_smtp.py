"""Handing over one email: each way in which a server can behave has its own, true result."""

import socket
import threading

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from crm.lib.smtp_url import Server
from crm.providers.mail import Accepted, Envelope, NotSent, Refused, Unknown
from crm.providers.smtp import Smtp, Timeouts
from tests.providers.mail_server import DROP, HANG, PIPELINED, MailServer

MESSAGE = b"Subject: hi\r\n\r\nHello\r\n.\r\n..dots\r\nend"
CARLA = Envelope("school@school.example", "carla@example.com", MESSAGE)
QUICK = Timeouts(connect=2, reply=0.4, dot=0.4)
PLAIN = b"250 trap\r\n"


class Dot:
    """Counts how often the dot was announced, and says whether to go on."""

    def __init__(self, goes_on: bool = True):
        self.count, self.goes_on = 0, goes_on

    def __call__(self) -> bool:
        self.count += 1
        return self.goes_on


def carrier(server: MailServer) -> Smtp:
    return Smtp(Server.of_url(server.url), QUICK)


@pytest.fixture(params=[PIPELINED, PLAIN], ids=["pipelined", "one by one"])
def ehlo(request):
    return request.param


def test_a_good_server_gets_the_message_as_it_is(ehlo):
    with MailServer(ehlo=ehlo) as server:
        assert carrier(server).send(CARLA, Dot()) == Accepted(250, "2.0.0 queued")
    sender, recipient, data = server.messages[0]
    assert sender.startswith(b"MAIL FROM:<school@school.example>")
    assert recipient == b"RCPT TO:<carla@example.com>"
    assert data == MESSAGE + b"\r\n"


def test_one_connection_carries_many():
    with MailServer() as server:
        smtp = carrier(server)
        assert all(isinstance(smtp.send(CARLA, Dot()), Accepted) for _ in range(5))
        smtp.close()
    assert (server.connections, len(server.messages)) == (1, 5)


@pytest.mark.parametrize(
    ("script", "result"),
    [
        ({"banner": b"554 no\r\n"}, NotSent),
        ({"banner": b"421 busy\r\n"}, NotSent),
        ({"banner": DROP}, NotSent),
        ({"banner": HANG}, NotSent),
        ({"mail": DROP}, NotSent),
        ({"mail": HANG}, NotSent),
        ({"mail": b"421 closing\r\n"}, NotSent),
        ({"mail": b"nonsense\r\n"}, NotSent),
        ({"rcpt": DROP}, NotSent),
        ({"data": DROP}, NotSent),
        ({"data": HANG}, NotSent),
        ({"mail": b"553 sender\r\n"}, Refused(553, "sender", "mail")),
        ({"rcpt": b"451 greylisted\r\n"}, Refused(451, "greylisted", "rcpt")),
        ({"rcpt": b"421 later\r\n"}, Refused(421, "later", "rcpt")),
        ({"rcpt": b"550 5.1.1 nobody\r\n"}, Refused(550, "5.1.1 nobody", "rcpt")),
        ({"data": b"554 no\r\n"}, Refused(554, "no", "data")),
        ({"data": b"451 no\r\n"}, Refused(451, "no", "data")),
    ],
)
def test_what_ends_before_the_message_is_certain(script, result, ehlo):
    dot = Dot()
    with MailServer(script, ehlo) as server:
        got = carrier(server).send(CARLA, dot)
    assert got == result if isinstance(result, Refused) else isinstance(got, result)
    assert (dot.count, server.messages) == (0, [])


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (b"554 spam\r\n", Refused(554, "spam", "dot")),
        (b"452 full\r\n", Refused(452, "full", "dot")),
        (b"421 closing\r\n", Refused(421, "closing", "dot")),
        (b"250-two\r\n250 lines\r\n", Accepted(250, "two lines")),
        (DROP, Unknown),
        (HANG, Unknown),
        (b"what?\r\n", Unknown),
        (b"354 more\r\n", Unknown),
        (b"999 odd\r\n", Unknown),
        (b"\xff\xfe\x00\r\n", Unknown),
    ],
)
def test_after_the_dot_only_a_clear_answer_is_certain(answer, result):
    dot = Dot()
    with MailServer({"dot": answer}) as server:
        got = carrier(server).send(CARLA, dot)
    assert isinstance(got, Unknown) if result is Unknown else got == result
    assert (dot.count, len(server.messages)) == (1, 1)


def test_a_drop_within_a_long_message_is_not_sent():
    with MailServer({"body": DROP}) as server:
        got = carrier(server).send(Envelope("a@b.example", "c@d.example", b"x" * 70 + b"\r\n" * 20_000_000), Dot())
    assert isinstance(got, NotSent)


def test_a_drop_after_250_is_sent_and_the_next_takes_a_new_connection():
    with MailServer({"mail": [b"250 ok\r\n", DROP]}) as server:
        smtp = carrier(server)
        assert isinstance(smtp.send(CARLA, Dot()), Accepted)
        assert isinstance(smtp.send(CARLA, Dot()), Accepted)
    assert (server.connections, len(server.messages)) == (2, 2)


def test_a_refusal_leaves_the_connection_good_for_the_next():
    with MailServer({"rcpt": [b"550 nobody\r\n"], "data": [b"554 no valid recipients\r\n"]}) as server:
        smtp = carrier(server)
        assert isinstance(smtp.send(CARLA, Dot()), Refused)
        assert isinstance(smtp.send(CARLA, Dot()), Accepted)
    assert server.connections == 1


def test_a_server_that_takes_data_for_nobody_gets_none():
    with MailServer({"rcpt": [b"550 nobody\r\n"]}) as server:
        smtp = carrier(server)
        assert smtp.send(CARLA, Dot()) == Refused(550, "nobody", "rcpt")
        assert isinstance(smtp.send(CARLA, Dot()), Accepted)
    assert (server.connections, len(server.messages)) == (2, 1)


def test_what_is_no_longer_to_be_sent_is_not():
    with MailServer() as server:
        smtp = carrier(server)
        assert isinstance(smtp.send(CARLA, Dot(goes_on=False)), NotSent)
        assert isinstance(smtp.send(CARLA, Dot()), Accepted)
    assert len(server.messages) == 1


def test_when_the_mark_cannot_be_written_nothing_is_sent():
    def no_room() -> bool:
        raise OSError("disk full")

    with MailServer() as server:
        smtp = carrier(server)
        with pytest.raises(OSError, match="disk full"):
            smtp.send(CARLA, no_room)
        assert isinstance(smtp.send(CARLA, Dot()), Accepted)
    assert len(server.messages) == 1


def test_no_server_is_not_sent():
    with MailServer() as server:
        pass
    assert isinstance(carrier(server).send(CARLA, Dot()), NotSent)


def test_letters_beyond_ascii_are_delivered_or_refused_with_a_reason():
    envelope = Envelope("school@school.example", "zoë@example.com", MESSAGE)
    with MailServer() as server:
        assert isinstance(carrier(server).send(envelope, Dot()), Accepted)
        assert "SMTPUTF8" in server.messages[0][0].decode()
    with MailServer(ehlo=PLAIN) as server:
        got = carrier(server).send(envelope, Dot())
    assert got.permanent
    assert "SMTPUTF8" in got.reply


class Keeper:
    def __init__(self) -> None:
        self.envelopes = []

    async def handle_DATA(self, server, session, envelope):
        self.envelopes.append(envelope)
        return "250 kept"


def test_a_server_with_a_password():
    keeper = Keeper()
    port = _free_port()
    controller = Controller(
        keeper, hostname="127.0.0.1", port=port, auth_require_tls=False,
        authenticator=lambda server, session, envelope, mechanism, data: _auth(data), auth_required=True,
    )  # fmt: skip
    controller.start()
    try:
        right = Smtp(Server.of_url(f"smtp://ada:s%40cret@127.0.0.1:{port}"), QUICK)
        wrong = Smtp(Server.of_url(f"smtp://ada:wrong@127.0.0.1:{port}"), QUICK)
        assert isinstance(right.send(CARLA, Dot()), Accepted)
        assert keeper.envelopes[0].content == MESSAGE + b"\r\n"
        refused = wrong.send(CARLA, Dot())
        assert isinstance(refused, NotSent)
        assert "password" in refused.reason
        right.close()
    finally:
        controller.stop()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def _auth(data):
    return AuthResult(success=data.password == b"s@cret", handled=False)


def test_a_server_that_offers_no_encryption_gets_no_password():
    with MailServer() as server:
        got = Smtp(Server.of_url(f"smtp://ada:secret@127.0.0.1:{server.port}?tls=starttls"), QUICK).send(CARLA, Dot())
    assert isinstance(got, NotSent)


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example", ("mail.example", 587, "starttls", "", "")),
        ("smtp://mail.example:2525?tls=none", ("mail.example", 2525, "none", "", "")),
        ("smtp://u%40x:p%3A%2F@mail.example?tls=tls", ("mail.example", 465, "tls", "u@x", "p:/")),
        ("smtps://mail.example", ("mail.example", 465, "tls", "", "")),
        ("smtp://127.0.0.1:1025", ("127.0.0.1", 1025, "none", "", "")),
    ],
)
def test_a_url_names_the_server(url, server):
    got = Server.of_url(url)
    assert (got.host, got.port, got.tls, got.user, got.password) == server


@pytest.mark.parametrize(
    "url",
    ["", "mail.example", "http://mail.example", "smtp://", "smtp://mail.example:abc", "smtp://mail.example?tls=maybe",
     "smtp://mail.example?x=1", "smtp://mail.example:99999", "smtp://u:secret@mail.example?tls=none", "smtp://mail.example/x"],
)  # fmt: skip
def test_a_bad_url_is_told_without_its_password(url):
    with pytest.raises(ValueError, match="smtp://|starttls") as told:
        Server.of_url(url)
    assert "secret" not in str(told.value)
    assert "secret" not in repr(Server("h", 1, "none", "u", "secret"))


class SlowServer(MailServer):
    """Begins to read a message only when told."""

    def __init__(self):
        super().__init__()
        self.gate = threading.Event()

    def _take(self, *given):
        self.gate.wait(10)
        super()._take(*given)


def turns_until(smtp: Smtp, is_so) -> list:
    """Let the carrier go on until something is ready or ended; what ended."""
    ended = []
    for _ in range(100):
        ready, more = smtp.turn(0.05)
        ended += more
        if is_so(ready, ended):
            return ended
    raise AssertionError("nothing came of it")


@pytest.mark.parametrize("is_given_at_once", [True, False])
def test_what_is_taken_back_behind_a_long_message_is_not_announced_to_the_server(is_given_at_once):
    """While the first was being written the second waited behind it. The third, given in its place, must not go to the second's address."""
    long = CARLA._replace(data=MESSAGE + b"x" * 70 * 200_000, recipient="long@example.com")
    dora = CARLA._replace(recipient="dora@example.com")
    with SlowServer() as server:
        smtp = Smtp(Server.of_url(server.url), Timeouts(connect=2, reply=5, dot=5))
        first, second = smtp.take(long), smtp.take(CARLA)
        turns_until(smtp, lambda ready, _: first in ready)
        smtp.write(first)
        assert smtp.take_back() == [second]
        third = smtp.take(dora) if is_given_at_once else None
        smtp.turn(0.05)
        server.gate.set()
        turns_until(smtp, lambda _, ended: first in ended)
        third = third or smtp.take(dora)
        turns_until(smtp, lambda ready, _: third in ready)
        smtp.write(third)
        turns_until(smtp, lambda _, ended: third in ended)
    assert (type(first.result), type(third.result)) == (Accepted, Accepted)
    assert [each[1] for each in server.messages] == [b"RCPT TO:<long@example.com>", b"RCPT TO:<dora@example.com>"]
    assert server.connections == 1
