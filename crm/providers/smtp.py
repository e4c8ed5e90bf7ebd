"""Email over SMTP, with the transaction driven by hand.

smtplib's own `sendmail` raises the same error for a drop before the final dot, when nothing was sent, and after it, when the server
may hold the message. Here the last byte before the dot and the dot are written apart, so each ending has its own result (RFC 5321 4.5.3.2.6).
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from crm.lib.smtp_url import Server
from crm.providers.mail import Accepted, Envelope, NotSent, Refused, Result, Unknown

_LINE_START_DOT = re.compile(rb"(?m)^\.")
_QUICKACK = getattr(socket, "TCP_QUICKACK", None)
_FAILURES = (OSError, smtplib.SMTPException, ValueError)


class Timeouts(NamedTuple):
    """Seconds to wait: for a connection, for an answer to a command, and for the answer to a whole message."""

    connect: float = 10
    reply: float = 15
    dot: float = 120


class Smtp:
    """One connection to a mail server, made when needed and kept while it works."""

    name = "smtp"
    can_lose = True

    def __init__(self, server: Server, timeouts: Timeouts = Timeouts(), *, context: ssl.SSLContext | None = None):  # noqa: B008
        self.server = server
        self.timeouts = timeouts
        self.context = context
        self.connection: smtplib.SMTP | None = None

    def send(self, envelope: Envelope, before_dot: Callable[[], bool]) -> Result:
        """Hand over one email; on a connection that had gone stale, once more on a new one."""
        was_open = self.connection is not None
        result = self._try(envelope, before_dot)
        if was_open and isinstance(result, _Stale):
            result = self._try(envelope, before_dot)
        return NotSent(result.reason) if isinstance(result, _Stale) else result

    def close(self) -> None:
        """Say goodbye if the server listens, and hang up."""
        if self.connection is not None:
            self._quietly(self.connection.quit)
        self._hang_up()

    def _try(self, envelope: Envelope, before_dot: Callable[[], bool]) -> Result | _Stale:
        try:
            connection = self.connection or self._connect()
        except _FAILURES as error:
            self._hang_up()
            return NotSent(f"The mail server cannot be used: {_words(error)}", is_down=True)
        if not _is_ascii(envelope) and not connection.has_extn("smtputf8"):
            return Refused(553, "The mail server takes no addresses beyond plain letters (no SMTPUTF8).", "rcpt")
        try:
            refused = self._announce(connection, envelope)
        except _FAILURES as error:
            self._hang_up()
            return _Stale(f"The connection ended before the message: {_words(error)}")
        return refused or self._deliver(connection, envelope.data, before_dot)

    def _connect(self) -> smtplib.SMTP:
        server, timeouts = self.server, self.timeouts
        kind = smtplib.SMTP_SSL if server.tls == "tls" else smtplib.SMTP
        options = {"context": self.context or ssl.create_default_context()} if server.tls == "tls" else {}
        self.connection = connection = kind(timeout=timeouts.connect, **options)
        code, reply = connection.connect(server.host, server.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, reply)
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sock.settimeout(timeouts.reply)
        connection.ehlo_or_helo_if_needed()
        if server.tls == "starttls":
            connection.starttls(context=self.context or ssl.create_default_context())
            connection.ehlo_or_helo_if_needed()
        if server.user:
            connection.login(server.user, server.password)
        return connection

    def _announce(self, connection: smtplib.SMTP, envelope: Envelope) -> Refused | None:
        """MAIL, RCPT and DATA, in one packet where the server allows (RFC 2920); None once it is ready for the message."""
        commands = self._commands(connection, envelope)
        together = connection.has_extn("pipelining")
        if together:
            connection.send("".join(f"{command}\r\n" for _, command in commands).encode())
        refused = None
        for phase, command in commands:
            try:
                if not together:
                    connection.send(f"{command}\r\n".encode())
                code, reply = _answer(connection)
            except _FAILURES:
                if refused is None:
                    raise
                break
            if not _goes_on(phase, code):
                refused = refused or _refusal(phase, code, reply)
                if not together:
                    break
        if refused is not None:
            self._start_over(connection, is_taking_data=code == 354)
        return refused

    def _commands(self, connection: smtplib.SMTP, envelope: Envelope) -> list[tuple[str, str]]:
        options = "" if _is_ascii(envelope) else " SMTPUTF8"
        if connection.has_extn("size"):
            options += f" SIZE={len(envelope.data)}"
        return [
            ("mail", f"MAIL FROM:<{envelope.sender}>{options}"),
            ("rcpt", f"RCPT TO:<{envelope.recipient}>"),
            ("data", "DATA"),
        ]

    def _deliver(self, connection: smtplib.SMTP, data: bytes, before_dot: Callable[[], bool]) -> Result:
        goes_ahead = False
        try:
            goes_ahead = before_dot()
        finally:
            if not goes_ahead:
                self._hang_up()
        if not goes_ahead:
            return NotSent("It was no longer to be sent.")
        try:
            connection.send(_stuffed(data))
        except _FAILURES as error:
            self._hang_up()
            return NotSent(f"The connection ended within the message: {_words(error)}")
        return self._finish(connection)

    def _finish(self, connection: smtplib.SMTP) -> Result:
        """The dot and its answer. From its first byte on, only a clear answer tells what became of the message."""
        try:
            connection.sock.settimeout(self.timeouts.dot)
            connection.send(b".\r\n")
            code, raw = _answer(connection)
            connection.sock.settimeout(self.timeouts.reply)
        except _FAILURES as error:
            self._hang_up()
            return Unknown(f"No answer to the message: {_words(error)}")
        reply = _text(raw)
        if 200 <= code < 300:
            return Accepted(code, reply)
        if 400 <= code < 600:
            self._start_over(connection)
            return Refused(code, reply, "dot")
        self._hang_up()
        return Unknown(f"The answer to the message made no sense: {code} {reply}"[:300])

    def _start_over(self, connection: smtplib.SMTP, is_taking_data: bool = False) -> None:
        """Make the connection ready for another message, or let it go."""
        if is_taking_data or self._quietly(connection.rset) is not True:
            self._hang_up()

    def _quietly(self, command: Callable[[], tuple[int, bytes]]) -> bool:
        try:
            return command()[0] in (221, 250)
        except _FAILURES:
            return False

    def _hang_up(self) -> None:
        if self.connection is not None:
            self.connection.close()
        self.connection = None


@dataclass(frozen=True)
class _Stale:
    """The connection ended before the message was begun."""

    reason: str


def _answer(connection: smtplib.SMTP) -> tuple[int, bytes]:
    """The server's next answer. What came so far is acknowledged at once: a server that writes its answers one by one would
    otherwise wait 40 ms for that before each."""
    if _QUICKACK is not None:
        connection.sock.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
    return connection.getreply()


def _stuffed(data: bytes) -> bytes:
    """The message as DATA wants it: a dot at the start of a line doubled, and a line end at its end (RFC 5321 4.5.2)."""
    stuffed = _LINE_START_DOT.sub(b"..", data)
    return stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n"


def _goes_on(phase: str, code: int) -> bool:
    return code == 354 if phase == "data" else code in (250, 251, 252)


def _refusal(phase: str, code: int, reply: bytes) -> Refused:
    if not 400 <= code < 600 or (code == 421 and phase == "mail"):
        raise smtplib.SMTPException(f"it answered {code} {_text(reply)}")
    return Refused(code, _text(reply), phase)


def _is_ascii(envelope: Envelope) -> bool:
    return envelope.sender.isascii() and envelope.recipient.isascii()


def _text(reply: bytes) -> str:
    return " ".join(reply.decode("utf-8", "replace").split())[:400]


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"it refused the user name or password ({error.smtp_code})"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"it answered {error.smtp_code} {_text(error.smtp_error or b'')}".strip()
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    return _text(str(error).encode("utf-8", "replace")) or type(error).__name__
