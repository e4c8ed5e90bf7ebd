"""The built-in carrier: with no SMTP set, messages are kept where staff read them. It takes everything at once."""

from __future__ import annotations

from typing import Any

from crm.providers.mail import Accepted, Envelope, NotSent, Parcel

_WIDTH = 100


class Outbox:
    """Accepts every message; the ledger's row is the message, so there is nothing else to keep."""

    name = "outbox"
    can_lose = False
    down = None

    def __init__(self) -> None:
        self._taken: list[Parcel] = []
        self._ended: list[Parcel] = []

    @property
    def wants(self) -> int:
        return _WIDTH - len(self._taken)

    @property
    def held(self) -> int:
        return len(self._taken) + len(self._ended)

    def take(self, envelope: Envelope, tag: Any = None, *, goes_on: bool = False) -> Parcel:  # noqa: ARG002
        """Take charge of an email."""
        parcel = Parcel(envelope, tag, is_ready=True)
        self._taken.append(parcel)
        return parcel

    def turn(self, seconds: float) -> tuple[list[Parcel], list[Parcel]]:  # noqa: ARG002
        """Ready for all it was given."""
        ended, self._ended = self._ended, []
        return list(self._taken), ended

    def write(self, parcel: Parcel) -> None:
        """Accept the message."""
        self._end(parcel, Accepted(250, "Kept in the outbox"))

    def drop(self, parcel: Parcel) -> None:
        """Leave the message."""
        self._end(parcel, NotSent("It was no longer to be sent.", is_ours=True))

    def take_back(self) -> list[Parcel]:
        """What it was given and has not been told to keep."""
        taken, self._taken = self._taken, []
        return taken

    def close(self) -> list[Parcel]:
        """Nothing is held open."""
        return []

    def _end(self, parcel: Parcel, result: Accepted | NotSent) -> None:
        parcel.result = result
        self._taken.remove(parcel)
        self._ended.append(parcel)
