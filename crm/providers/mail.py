"""What every carrier of email offers, and the few ways in which handing over an email can end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Envelope:
    """One email on its way: SMTP's sender and single recipient, and the message with CRLF line ends."""

    sender: str
    recipient: str
    data: bytes


@dataclass(frozen=True)
class Accepted:
    """The carrier has it and answers for it."""

    code: int
    reply: str


@dataclass(frozen=True)
class Refused:
    """The carrier said no, for good (5xx) or for now (4xx). `phase` is where: mail, rcpt, data, or dot (after the message)."""

    code: int
    reply: str
    phase: str

    @property
    def permanent(self) -> bool:
        return self.code >= 500


@dataclass(frozen=True)
class NotSent:
    """Certainly not handed over: no connection, or it ended before the message did. Trying again is safe.

    `is_down` says that the carrier could not be used at all, so that the next message would fare no better.
    """

    reason: str
    is_down: bool = False


@dataclass(frozen=True)
class Unknown:
    """The message was written to its end and no answer understood: the carrier may have it. Trying again might send it twice."""

    reason: str


Result = Accepted | Refused | NotSent | Unknown


class MailProvider(Protocol):
    """A carrier of email. One object serves one thread; `close` when there is nothing more to send."""

    name: str
    can_lose: bool
    """Whether a message may be with the carrier without our knowing, so that its sending is noted before it is written out."""

    def send(self, envelope: Envelope, before_dot: Callable[[], bool]) -> Result:
        """Hand over one email. `before_dot` is called once the carrier is ready to take the message and before a byte of it is
        written; if it answers False nothing is sent. Never raises for what the carrier or the network does."""

    def close(self) -> None:
        """Let go of the connection, if there is one."""
