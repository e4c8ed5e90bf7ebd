"""What every carrier of email offers, and the few ways in which handing over an email can end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol


class Envelope(NamedTuple):
    """One email on its way: SMTP's sender and single recipient, and the message with CRLF line ends."""

    sender: str
    recipient: str
    data: bytes
    has_dots: bool = True
    """Whether a line may begin with a dot, so that it has to be looked for."""


class Accepted(NamedTuple):
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

    `is_down` says that the carrier could not be used at all, so that the next message would fare no better; `is_ours`, that we let it be.
    """

    reason: str
    is_down: bool = False
    is_ours: bool = False


@dataclass(frozen=True)
class Unknown:
    """The message was written to its end and no answer understood: the carrier may have it. Trying again might send it twice."""

    reason: str


Result = Accepted | Refused | NotSent | Unknown


@dataclass(slots=True, eq=False)
class Parcel:
    """An email in a carrier's hands. `tag` is the giver's own."""

    envelope: Envelope
    tag: Any = None
    goes_on: bool = False
    """It was said beforehand that the message is to be written once the carrier is ready for it."""
    is_ready: bool = False
    """The carrier is ready for the message itself, and waits to be told whether to go on."""
    is_retried: bool = False
    refused: Refused | None = None
    result: Result | None = None


class MailProvider(Protocol):
    """A carrier of email, several at once. One object serves one thread; `close` when there is nothing more to send.

    Never raises for what the carrier or the network does.
    """

    name: str
    can_lose: bool
    """Whether a message may be with the carrier without our knowing, so that its sending is noted before it is written out."""

    @property
    def down(self) -> str | None:
        """Why it cannot be used at all, if so."""

    @property
    def wants(self) -> int:
        """How many more emails it can use now."""

    @property
    def held(self) -> int:
        """How many emails are in its hands."""

    def take(self, envelope: Envelope, tag: Any = None, *, goes_on: bool = False) -> Parcel:
        """Take charge of an email; with `goes_on` it is written without asking again."""

    def turn(self, seconds: float) -> tuple[list[Parcel], list[Parcel]]:
        """Go on, waiting up to so many seconds for something to happen: the emails it is ready for, and those that ended.

        Of those it is ready for not a byte has been written; each waits for `write` or `drop`.
        """

    def write(self, parcel: Parcel) -> None:
        """Go on with one it is ready for."""

    def drop(self, parcel: Parcel) -> None:
        """Do not go on with one it is ready for."""

    def take_back(self) -> list[Parcel]:
        """The emails that were not begun, no longer in its hands."""

    def close(self) -> list[Parcel]:
        """Let go of every connection; the emails whose end that was."""
