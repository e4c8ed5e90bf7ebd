"""One conversation with a mail server, as a machine that is fed what arrives and never waits.

Commands go out in one packet where the server allows (RFC 2920), those for the next message together with the dot of the one before.
What every ending means is decided here: before the dot a message is certainly not sent; once its first byte is out only a clear
answer tells what became of it (RFC 5321 4.5.3.2.6).
"""

from __future__ import annotations

import socket
import ssl
import time
from collections import deque
from collections.abc import Iterator, Sequence

from crm.providers.mail import Accepted, NotSent, Parcel, Refused, Result, Unknown
from crm.providers.smtp_text import as_text, in_words, is_ascii, stuffed, taken_apart

_QUICKACK = getattr(socket, "TCP_QUICKACK", None)
_LATER = (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError, InterruptedError)
_DOT = b".\r\n"
_PIECE = 1 << 18
_LONGEST_LINE = 1 << 16


class Line:
    """A connection that has said hello. `ended` and `again` collect the parcels it is done with, and those it gives back."""

    def __init__(self, sock: socket.socket, features: frozenset[str], reply: float, dot: float):
        self.sock, self.features = sock, features
        self.reply_timeout, self.dot_timeout = reply, dot
        self.is_tls = isinstance(sock, ssl.SSLSocket)
        self.is_open, self.was_used = True, False
        self.waiting: Parcel | None = None
        self.announced: Parcel | None = None
        self.writing: Parcel | None = None
        self.dotted: Parcel | None = None
        self.dotted_at = 0.0
        self.ended: list[Parcel] = []
        self.again: list[Parcel] = []
        self.expected: deque[tuple[str, Parcel | None]] = deque()
        self.deadline = float("inf")
        self._body = self._rest = memoryview(b"")
        self._commands: deque[tuple[str, bytes]] = deque()
        self._heard, self._said = b"", b""

    @property
    def is_idle(self) -> bool:
        return not (self.waiting or self.announced or self.writing or self.dotted)

    @property
    def is_blocked(self) -> bool:
        """Whether there is something to write that the network did not take yet."""
        return bool(self._body or self._rest)

    def give(self, parcel: Parcel) -> None:
        """Send this email next. There may be one waiting, never two."""
        self.waiting = parcel
        if self.announced or self.writing or (self.expected and "pipelining" not in self.features):
            return
        self._say(self._announcement())

    def withdraw(self) -> Parcel | None:
        """Give back the email that waits. What would have announced it behind the dot that is still to be written is not said."""
        parcel, self.waiting = self.waiting, None
        if self.writing:
            self._rest = self._rest[: len(_DOT)]
        return parcel

    def write(self, parcel: Parcel) -> None:
        """Go on with a message the server is ready for."""
        data = stuffed(parcel.envelope.data) if parcel.envelope.has_dots else parcel.envelope.data
        self.writing, self.announced = parcel, None
        self._body, self._rest = memoryview(data), memoryview(_DOT)
        if self.waiting and "pipelining" in self.features:
            self._rest = memoryview(_DOT + self._announcement(self.waiting))
        self.flush()

    def drop(self, parcel: Parcel) -> None:
        """Do not go on with it: the line is given up, because the server waits for the message."""
        self._end(parcel, NotSent("It was no longer to be sent.", is_ours=True))
        self.announced = None
        self.fail("it was given up")

    def flush(self) -> None:
        """Write what can be written now."""
        try:
            self._flush()
        except _LATER:
            pass
        except (OSError, ValueError) as error:
            self.fail(in_words(error))

    def read(self) -> None:
        """Take in what has arrived."""
        try:
            while self.is_open:
                data = self.sock.recv(65536)
                if not data:
                    self.fail("it hung up")
                    return
                self._hear(data)
                if not self.is_tls:
                    break
        except _LATER:
            pass
        except (OSError, ValueError) as error:
            self.fail(in_words(error))
        if self.expected and self.is_open and _QUICKACK is not None:
            # a server that writes its answers one by one would otherwise wait 40 ms for the acknowledgement before each
            self.sock.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)

    def fail(self, reason: str) -> None:
        """The connection is of no more use; what becomes of the messages in it depends on how far each has come."""
        if not self.is_open:
            return
        self.is_open = False
        self.sock.close()
        if self.dotted:
            self._end(self.dotted, Unknown(f"No answer to the message: {reason}"))
        if self.writing:
            self._end(self.writing, NotSent(f"The connection ended within the message: {reason}"))
        if self.announced:
            self._lose(self.announced, reason)
        if self.waiting:
            self.again.append(self.waiting)
        self.dotted = self.writing = self.announced = self.waiting = None

    def leave(self) -> None:
        """Say goodbye if nothing is under way, and hang up."""
        if self.is_idle:
            self._say(b"QUIT\r\n")
        self.fail("it was closed")

    def check_time(self, now: float) -> None:
        """Give up when the server has been silent for too long."""
        if now > self.deadline:
            self.fail("it did not answer in time")

    def _lose(self, parcel: Parcel, reason: str) -> None:
        if parcel.refused:
            self._end(parcel, parcel.refused)
        elif self.was_used and not parcel.is_retried:
            parcel.is_retried, parcel.is_ready = True, False
            self.again.append(parcel)
        else:
            self._end(parcel, NotSent(f"The connection ended before the message: {reason}"))

    def _end(self, parcel: Parcel, result: Result) -> None:
        parcel.result = result
        self.was_used = True
        self.ended.append(parcel)

    def _flush(self) -> None:
        if self._body and not self.is_tls:
            sent = self.sock.sendmsg([self._body, self._rest])
            rest = max(0, sent - len(self._body))
            self._body = self._body[sent:]
            if rest:
                self._dot(rest)
        while self._body:
            self._body = self._body[self.sock.send(self._body[:_PIECE]) :]
        while self._rest:
            if self.writing and self.is_tls:  # what became of a record that was begun cannot be known
                self._dot(0)
            sent = self.sock.send(self._rest)
            self._dot(sent) if self.writing else self._rested(sent)
        self._set_deadline()

    def _dot(self, sent: int) -> None:
        """The dot is on its way, and perhaps the announcement of the next message behind it."""
        self.dotted, self.writing, self.dotted_at = self.writing, None, time.monotonic()
        self.expected.append(("dot", self.dotted))
        if len(self._rest) > len(_DOT):
            self._announce(self.waiting)
        self._rested(sent)

    def _rested(self, sent: int) -> None:
        self._rest = self._rest[sent:]

    def _say(self, commands: bytes) -> None:
        self._rest = memoryview(bytes(self._rest) + commands)
        self.flush()

    def _announcement(self, parcel: Parcel | None = None) -> bytes:
        """MAIL, RCPT and DATA for the waiting parcel, or the first of them. Without an argument they are taken as said."""
        chosen = parcel or self.waiting
        assert chosen is not None
        envelope = chosen.envelope
        options = "" if is_ascii(envelope) else " SMTPUTF8"
        if "size" in self.features:
            options += f" SIZE={len(envelope.data)}"
        commands = f"MAIL FROM:<{envelope.sender}>{options}\r\nRCPT TO:<{envelope.recipient}>\r\nDATA\r\n".encode()
        if parcel is None:
            self._announce(chosen)
        if "pipelining" in self.features:
            return commands
        first, rcpt, data, _ = commands.split(b"\r\n")
        self._commands = deque([("rcpt", rcpt + b"\r\n"), ("data", data + b"\r\n")])
        return first + b"\r\n"

    def _announce(self, parcel: Parcel | None) -> None:
        self.announced, self.waiting = parcel, None
        phases = ("mail", "rcpt", "data") if "pipelining" in self.features else ("mail",)
        self.expected.extend((phase, parcel) for phase in phases)

    def _hear(self, data: bytes) -> None:
        *lines, self._heard = (self._heard + data).split(b"\n")
        for code, text in self._replies(lines):
            if not self.is_open:
                return
            if not self.expected:
                self.fail(f"it said {code} {text} unasked")
                return
            phase, parcel = self.expected.popleft()
            self._answer(phase, parcel, code, text)
        if len(self._heard) + len(self._said) > _LONGEST_LINE:
            self.fail("its answer does not end")
        self._set_deadline()

    def _replies(self, lines: Sequence[bytes]) -> Iterator[tuple[int, str]]:
        """The answers in these lines; -1 for one that is none."""
        for line in lines:
            code, is_last, words = taken_apart(line)
            if not is_last:
                self._said += words + b" "
                continue
            text = as_text(self._said + words)
            self._said = b""
            yield code, text

    def _answer(self, phase: str, parcel: Parcel | None, code: int, text: str) -> None:
        if phase == "dot":
            self._answer_dot(code, text)
        elif phase == "rset":
            if code != 250:
                self.fail(f"it answered {code} {text}")
            elif self.waiting and not self.announced:
                self._say(self._announcement())
        elif parcel is not None:
            self._answer_command(phase, parcel, code, text)

    def _answer_dot(self, code: int, text: str) -> None:
        parcel, self.dotted = self.dotted, None
        assert parcel is not None
        if 200 <= code < 300:
            self._end(parcel, Accepted(code, text))
        elif 400 <= code < 600:
            self._end(parcel, Refused(code, text, "dot"))
        else:
            self._end(parcel, Unknown(f"The answer to the message made no sense: {code} {text}"[:300]))
            self.fail("its answer made no sense")
        if self.is_open and self.waiting and not self.announced:
            self._say(self._announcement())

    def _answer_command(self, phase: str, parcel: Parcel, code: int, text: str) -> None:
        if not _goes_on(phase, code) and parcel.refused is None:
            if not 400 <= code < 600 or (code == 421 and phase == "mail"):
                self.fail(f"it answered {code} {text}")
                return
            parcel.refused = Refused(code, text, phase)
        if phase == "data" and parcel.refused is None:
            parcel.is_ready = not parcel.goes_on
            if parcel.goes_on:
                self.write(parcel)
        elif phase == "data" and code == 354:  # it takes data for nobody
            self.fail("it was ready for a message to nobody")
        elif phase == "data" or (parcel.refused and self._commands):
            self._start_over(parcel)
        elif self._commands:
            following, command = self._commands.popleft()
            self.expected.append((following, parcel))
            self._say(command)

    def _start_over(self, parcel: Parcel) -> None:
        self._commands.clear()
        self.announced = None
        assert parcel.refused is not None
        self._end(parcel, parcel.refused)
        self.expected.append(("rset", None))
        self._say(b"RSET\r\n")
        if self.waiting and "pipelining" in self.features:
            self._say(self._announcement())

    def _set_deadline(self) -> None:
        if self.expected:
            limit = self.dot_timeout if self.expected[0][0] == "dot" else self.reply_timeout
        else:
            limit = self.reply_timeout if self.is_blocked else float("inf")
        self.deadline = time.monotonic() + limit


def _goes_on(phase: str, code: int) -> bool:
    return code == 354 if phase == "data" else code in (250, 251, 252)
