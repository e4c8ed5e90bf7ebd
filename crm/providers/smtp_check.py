"""Trying a mail server step by step, each told in words with what to do: connect, encrypt, sign in, sender, recipient, message."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from crm.lib.smtp_url import Server
from crm.providers.mail import Envelope

TIMEOUT = 8.0
PHASES = {
    "connect": "Connect",
    "tls": "Encrypt",
    "login": "Sign in",
    "mail": "Sender",
    "rcpt": "Recipient",
    "data": "Message",
}


@dataclass(frozen=True)
class Step:
    """How one phase went: well, badly, or (None) not needed or not reached."""

    phase: str
    is_well: bool | None
    words: str
    advice: str = ""

    @property
    def label(self) -> str:
        return PHASES[self.phase]


class _Stop(Exception):
    """A phase that ends the try."""

    def __init__(self, words: str, advice: str):
        super().__init__(words)
        self.words, self.advice = words, advice


def try_server(
    server: Server, envelope: Envelope, *, timeout: float = TIMEOUT, context: ssl.SSLContext | None = None
) -> list[Step]:
    """Send this one email over the server and tell how each phase went; never raises for what server or network do."""
    steps: list[Step] = []
    connection = smtplib.SMTP(timeout=timeout)
    try:
        for phase, act in _acts(server, envelope, connection, timeout, context or ssl.create_default_context()):
            try:
                words = act()
            except (OSError, smtplib.SMTPException, ValueError) as error:
                words, advice = _told(phase, error, server)
                steps.append(Step(phase, False, words, advice))
                break
            except _Stop as stop:
                steps.append(Step(phase, False, stop.words, stop.advice))
                break
            steps.append(Step(phase, True if words else None, words or _unneeded(phase)))
    finally:
        with suppress(OSError, smtplib.SMTPException):
            connection.quit()
        connection.close()
    reached = {each.phase for each in steps}
    return [*steps, *(Step(each, None, "Not reached.") for each in PHASES if each not in reached)]


def _acts(
    server: Server, envelope: Envelope, connection: smtplib.SMTP, timeout: float, context: ssl.SSLContext
) -> Iterator[tuple[str, Callable[[], str]]]:
    yield "connect", lambda: _connect(server, connection, timeout, context)
    yield "tls", lambda: _encrypt(server, connection, context)
    yield "login", lambda: _sign_in(server, connection)
    yield (
        "mail",
        lambda: _command(connection.mail(envelope.sender), f"It takes mail from {envelope.sender}.", _ABOUT_SENDER),
    )
    yield (
        "rcpt",
        lambda: _command(
            connection.rcpt(envelope.recipient), f"It takes mail for {envelope.recipient}.", _ABOUT_RECIPIENT
        ),
    )
    yield "data", lambda: _command(connection.data(envelope.data), "It has the message.", _ABOUT_MESSAGE)


_ABOUT_SENDER = "Use a sender whose domain or address is verified with your provider."
_ABOUT_RECIPIENT = "The server relays only for who signs in, or refuses this recipient; a new account may be limited to verified recipients."
_ABOUT_MESSAGE = (
    "The server read the message and refused it; its words say why. Often the sender's domain lacks SPF or DKIM."
)


def _connect(server: Server, connection: smtplib.SMTP, timeout: float, context: ssl.SSLContext) -> str:
    raw = socket.create_connection((server.host, server.port), timeout)
    if server.tls == "tls":
        raw = context.wrap_socket(raw, server_hostname=server.host)
    connection.sock = raw
    connection._host = server.host  # type: ignore[attr-defined]  # the name a later STARTTLS checks the certificate against
    code, reply = connection.getreply()
    if code != 220:
        raise _Stop(
            f"It answers, but not as a mail server that is ready: {code} {_text(reply)}",
            "Wait and try again, or check host and port.",
        )
    return f"{server.host} answers at port {server.port}."


def _encrypt(server: Server, connection: smtplib.SMTP, context: ssl.SSLContext) -> str:
    connection.ehlo_or_helo_if_needed()
    if server.tls == "tls":
        return "Encrypted from the start."
    if server.tls == "none":
        return ""
    if not connection.has_extn("starttls"):
        raise _Stop(
            "It offers no encryption (STARTTLS).", "Try ?tls=tls with port 465, or another port of your provider."
        )
    connection.starttls(context=context)
    connection.ehlo_or_helo_if_needed()
    return "Encrypted with STARTTLS."


def _sign_in(server: Server, connection: smtplib.SMTP) -> str:
    if not server.user:
        return ""
    connection.login(server.user, server.password)
    return f"Signed in as {server.user}."


def _command(answer: tuple[int, bytes], words: str, advice: str) -> str:
    code, reply = answer
    if code not in (250, 251, 252):
        wait = "It says: try later. " if 400 <= code < 500 else ""
        raise _Stop(f"It says no: {code} {_text(reply)}", wait + advice)
    return words


def _told(phase: str, error: Exception, server: Server) -> tuple[str, str]:
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"Its certificate does not hold: {error.verify_message}.",
            "Use the host name the certificate is made for.",
        )
    if isinstance(error, ssl.SSLError):
        return "Encryption could not be agreed on.", "Port 465 wants ?tls=tls, port 587 ?tls=starttls."
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return (
            f"It refused the user name or password ({error.smtp_code}).",
            "Check both in SMTP_URL; characters such as @ / : are written %40 %2F %3A. Some providers want an app password.",
        )
    if isinstance(error, smtplib.SMTPResponseException):
        return f"It says no: {error.smtp_code} {_text(error.smtp_error)}", _ABOUT_MESSAGE if phase == "data" else ""
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return (
            "It offers no way to sign in here.",
            "Many servers do so only on an encrypted connection; use ?tls=starttls or ?tls=tls.",
        )
    if isinstance(error, socket.gaierror):
        return f"There is no server named {server.host}.", "Check the host in SMTP_URL."
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):  # smtplib says that it ended
        return "It did not answer in time.", "A firewall may be in the way; many hosts block port 25: use 587 or 465."
    if isinstance(error, ConnectionRefusedError):
        return f"Nothing listens at port {server.port}.", "Check the port: usually 587, or 465 with ?tls=tls."
    return "The connection ended.", "Check port and encryption; the server may also refuse this machine's address."


def _unneeded(phase: str) -> str:
    return "No encryption, as set." if phase == "tls" else "No user name is set."


def _text(reply: bytes | str) -> str:
    words = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else str(reply)
    return " ".join(words.split())[:300]
