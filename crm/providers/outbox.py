"""The built-in carrier: with no SMTP set, messages are kept where staff read them. It takes everything at once."""

from __future__ import annotations

from collections.abc import Callable

from crm.providers.mail import Accepted, Envelope, NotSent, Result


class Outbox:
    """Accepts every message; the ledger's row is the message, so there is nothing else to keep."""

    name = "outbox"
    can_lose = False

    def send(self, envelope: Envelope, before_dot: Callable[[], bool]) -> Result:  # noqa: ARG002
        """Accept the message."""
        return Accepted(250, "Kept in the outbox") if before_dot() else NotSent("It was no longer to be sent.")

    def close(self) -> None:
        """Nothing is held open."""
