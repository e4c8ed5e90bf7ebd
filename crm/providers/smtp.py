"""Email over SMTP: several connections to one mail server, driven by one thread that never waits for any one of them.

Connections are dialled in threads of their own, because a handshake (TLS, password) takes several answers; one after another, and
another only when those there are busy, so that a server that is down is asked once.
"""

from __future__ import annotations

import queue
import selectors
import smtplib
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from crm.lib.smtp_url import Server
from crm.providers.mail import Envelope, NotSent, Parcel, Refused, Result
from crm.providers.smtp_line import Line
from crm.providers.smtp_text import as_text, in_words, is_ascii

_FAILURES = (OSError, smtplib.SMTPException, ValueError)
_SLOW = 1.0
"""Seconds after which a line whose answer is outstanding gets nothing more to do."""


class Timeouts(NamedTuple):
    """Seconds to wait: for a connection, for an answer to a command, and for the answer to a whole message."""

    connect: float = 10
    reply: float = 15
    dot: float = 120


class Smtp:
    """Up to `width` connections to a mail server, made when needed and kept while they work."""

    name = "smtp"
    can_lose = True

    def __init__(
        self,
        server: Server,
        timeouts: Timeouts = Timeouts(),  # noqa: B008
        *,
        width: int = 1,
        context: ssl.SSLContext | None = None,
    ):
        self.server, self.timeouts, self.width, self.context = server, timeouts, width, context
        self.down: str | None = None
        self.lines: list[Line] = []
        self._backlog: deque[Parcel] = deque()
        self._ended: list[Parcel] = []
        self._dialled: queue.SimpleQueue[Line | str] = queue.SimpleQueue()
        self._is_dialling = False
        self._selector = selectors.DefaultSelector()
        self._bell, self._wake = socket.socketpair()
        self._selector.register(self._bell, selectors.EVENT_READ)
        self._watched: dict[Line, int] = {}

    @property
    def wants(self) -> int:
        """How many more emails it can use now: one in each line's hands, one behind it, and one for a line yet to be made."""
        if self.down:
            return 0
        now = time.monotonic()
        room = sum(not line.waiting and not _is_slow(line, now) for line in self.lines)
        return max(0, room + (len(self.lines) < self.width) - len(self._backlog))

    @property
    def held(self) -> int:
        """How many emails are in its hands."""
        inside = sum(
            bool(each) for line in self.lines for each in (line.announced, line.writing, line.dotted, line.waiting)
        )
        return inside + len(self._backlog) + len(self._ended)

    def take(self, envelope: Envelope, tag: Any = None, *, goes_on: bool = False) -> Parcel:
        """Take charge of an email; `turn` tells when the server is ready for it, or how it ended."""
        parcel = Parcel(envelope, tag, goes_on)
        self._backlog.append(parcel)
        return parcel

    def turn(self, seconds: float) -> tuple[list[Parcel], list[Parcel]]:
        """Go on, waiting up to so many seconds for something to happen: the emails the server is ready for, and those that ended."""
        self._hand_out()
        if not self._ended:
            self._wait(seconds)
        self._hand_out()
        ended, self._ended = self._ended, []
        ready = [line.announced for line in self.lines if line.announced and line.announced.is_ready]
        return ready, ended

    def write(self, parcel: Parcel) -> None:
        """Go on with a message the server is ready for."""
        for line in self.lines:
            if line.announced is parcel:
                parcel.is_ready = False
                line.write(parcel)
                self._look_after(line)
                return

    def drop(self, parcel: Parcel) -> None:
        """Do not go on with a message the server is ready for."""
        for line in self.lines:
            if line.announced is parcel:
                line.drop(parcel)
                self._look_after(line)
                return

    def take_back(self) -> list[Parcel]:
        """The emails that were not begun, no longer in its hands."""
        found = [*self._backlog, *filter(None, (line.withdraw() for line in self.lines))]
        self._backlog.clear()
        return found

    def close(self) -> list[Parcel]:
        """Say goodbye where nothing is under way, and hang up; the emails whose end that was."""
        for line in list(self.lines):
            line.leave()
            self._look_after(line)
        ended, self._ended = self._ended, []
        self._selector.close()
        self._bell.close()
        self._wake.close()
        return ended

    def send(self, envelope: Envelope, before_dot: Callable[[], bool]) -> Result:
        """Hand over one email and wait for its end; `before_dot` says, at the last moment, whether to go on."""
        parcel = self.take(envelope)
        while True:
            ready, ended = self.turn(1)
            if parcel in ended and parcel.result:
                return parcel.result
            for each in ready:
                self._ask(each, before_dot)

    def _ask(self, parcel: Parcel, before_dot: Callable[[], bool]) -> None:
        goes_on = False
        try:
            goes_on = before_dot()
        finally:
            if not goes_on:
                self.drop(parcel)
        if goes_on:
            self.write(parcel)

    def _hand_out(self) -> None:
        """Emails to the lines that have nothing to do, then behind what they do; another line if all are busy."""
        if not self._backlog:
            return
        now = time.monotonic()
        for has_room in (lambda line: line.is_idle, lambda line: not line.waiting and not _is_slow(line, now)):
            for line in list(self.lines):
                if self._backlog and line.is_open and has_room(line):
                    self._give(line, self._backlog.popleft())
        if self._backlog and not self._is_dialling and len(self.lines) < self.width and not self.down:
            self._is_dialling = True
            threading.Thread(target=self._dial, daemon=True).start()

    def _give(self, line: Line, parcel: Parcel) -> None:
        if not is_ascii(parcel.envelope) and "smtputf8" not in line.features:
            parcel.result = Refused(
                553, "The mail server takes no addresses beyond plain letters (no SMTPUTF8).", "rcpt"
            )
            self._ended.append(parcel)
            return
        line.give(parcel)
        self._look_after(line)

    def _wait(self, seconds: float) -> None:
        now = time.monotonic()
        soonest = min((line.deadline for line in self.lines), default=float("inf"))
        if any(line.announced and line.announced.is_ready for line in self.lines):
            seconds = 0
        for key, events in self._selector.select(max(0.0, min(seconds, soonest - now))):
            if key.data is None:
                self._answer_bell()
            else:
                self._serve(key.data, events)
        now = time.monotonic()
        for line in [each for each in self.lines if each.deadline < now]:
            line.check_time(now)
            self._look_after(line)

    def _serve(self, line: Line, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            line.flush()
        if events & selectors.EVENT_READ:
            line.read()
        self._look_after(line)

    def _look_after(self, line: Line) -> None:
        """Collect what a line is done with, and let it go when it is over."""
        if line.ended:
            self._ended += line.ended
            line.ended = []
        if line.again:
            self._backlog.extendleft(reversed(line.again))
            line.again = []
        self._watch(line)
        if not line.is_open and line in self.lines:
            self.lines.remove(line)

    def _watch(self, line: Line) -> None:
        events = 0
        if line.is_open:
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if line.is_blocked else 0)
        watched = self._watched.get(line, 0)
        if events == watched:
            return
        if not events:
            self._selector.unregister(line.sock)
            del self._watched[line]
            return
        (self._selector.modify if watched else self._selector.register)(line.sock, events, line)
        self._watched[line] = events

    def _answer_bell(self) -> None:
        self._bell.recv(1)
        self._is_dialling = False
        came = self._dialled.get()
        if isinstance(came, Line):
            self.lines.append(came)
            self._watch(came)
        elif self.lines:
            self.width = len(self.lines)  # it takes no more connections than these
        else:
            self.down = came
            if self._backlog:
                parcel = self._backlog.popleft()
                parcel.result = NotSent(f"The mail server cannot be used: {came}", is_down=True)
                self._ended.append(parcel)

    def _dial(self) -> None:
        try:
            came: Line | str = connected(self.server, self.timeouts, self.context)
        except _FAILURES as error:
            came = _words(error)
        self._dialled.put(came)
        try:
            self._wake.send(b"!")
        except OSError:  # closed meanwhile
            if isinstance(came, Line):
                came.sock.close()


def connected(server: Server, timeouts: Timeouts, context: ssl.SSLContext | None = None) -> Line:
    """A new line to the server, after its greeting, encryption and sign-in. Raises OSError, SMTPException or ValueError."""
    kind = smtplib.SMTP_SSL if server.tls == "tls" else smtplib.SMTP
    options: dict[str, Any] = {"context": context or ssl.create_default_context()} if server.tls == "tls" else {}
    connection = kind(timeout=timeouts.connect, **options)
    try:
        code, reply = connection.connect(server.host, server.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, reply)
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sock.settimeout(timeouts.reply)
        connection.ehlo_or_helo_if_needed()
        if server.tls == "starttls":
            connection.starttls(context=context or ssl.create_default_context())
            connection.ehlo_or_helo_if_needed()
        if server.user:
            connection.login(server.user, server.password)
    except BaseException:
        connection.close()
        raise
    sock, connection.sock = connection.sock, None
    if connection.file:
        connection.file.close()
    sock.setblocking(False)
    return Line(sock, frozenset(connection.esmtp_features), timeouts.reply, timeouts.dot)


def _is_slow(line: Line, now: float) -> bool:
    return line.dotted is not None and now - line.dotted_at > _SLOW


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"it refused the user name or password ({error.smtp_code})"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"it answered {error.smtp_code} {as_text(error.smtp_error or b'')}".strip()
    return in_words(error)
