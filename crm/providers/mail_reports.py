"""What carriers of email report about a message after they took it, in one form for all of them.

Each carrier has one file in `crm/providers/reports`: how its reports prove where they come from, and how they are read.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

DELIVERED, HARD, SOFT, BLOCKED, COMPLAINT, DEFERRED, CONFIRM, UNSUBSCRIBED = (
    "delivered", "hard", "soft", "blocked", "complaint", "deferred", "confirm", "unsubscribed",
)  # fmt: skip
KINDS = {
    DELIVERED: "Delivered",
    HARD: "No such address",
    SOFT: "Bounced for now",
    BLOCKED: "Refused",
    COMPLAINT: "Complaint",
    DEFERRED: "Waiting",
    CONFIRM: "Asks to be confirmed",
    UNSUBSCRIBED: "Unsubscribed at the carrier",
    "reply": "Reply",
    "auto": "Automatic reply",
}
TOKEN_HEADER = "X-Cohort-Message"  # noqa: S105
TOKEN = "cohort"  # noqa: S105
"""The name under which carriers keep our token with a message and give it back."""
WINDOW = timedelta(minutes=10)
"""How far a signed time may be from ours."""
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_FULL = re.compile(r"mailbox (is )?full|over ?quota|quota (is )?exceeded|insufficient (system )?storage|\b552\b", re.I)
_POLICY = re.compile(
    r"spam|block(ed|list)|black ?list|policy|reputation|dmarc|\bspf\b|dkim|rate limit|reject.*content"
    r"|relay|authenticat|prohibit|not permitted|access denied|sender|\b(helo|ehlo|ptr|rbl|dnsbl)\b|reverse dns",
    re.I,
)
"""What servers say of whoever sends, not of the address."""


class Untrusted(Exception):
    """The report does not prove where it comes from."""


class Unreadable(Exception):
    """The report is not of the form its carrier documents."""


@dataclass(frozen=True)
class Notice:
    """A report as it arrived, and what is needed to judge it."""

    body: bytes
    headers: Mapping[str, str]
    secret: str
    at: datetime
    certificate: Callable[[str], bytes] = lambda _url: b""
    """Fetches what a signature is checked with, for carriers that sign with a certificate."""


@dataclass(frozen=True)
class MailEvent:
    """One thing that happened to one message. `event_id` is the same whenever the carrier tells it again."""

    kind: str
    event_id: str
    address: str = ""
    message_id: str = ""
    token: str = ""
    reason: str = ""
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    is_one_of_many: bool = False
    """The report names several recipients, so it counts only if it names the one we wrote to."""


class Reporter(Protocol):
    """A carrier's way of reporting."""

    key: str
    label: str
    setting: str
    """The setting that opens the door: without it everything is refused."""
    advice: str
    """Where in the carrier's own pages to put our address."""

    def headers(self, token: str) -> Mapping[str, str]:
        """What a message carries so that its reports name it."""

    def check(self, notice: Notice) -> None:
        """Raise Untrusted unless the report is the carrier's."""

    def once(self, notice: Notice) -> str:
        """What the signature spends: a second report with it, of other content, is refused. Empty when all of the body is signed."""

    def parse(self, notice: Notice) -> list[MailEvent]:
        """What it reports. Raises Unreadable."""


def kind_of(text: str, is_permanent: bool = True) -> str:
    """What a refusal means, by its enhanced status code (RFC 3463) or its words: nobody there (hard), not now (soft), or
    not from us (blocked). A full mailbox (x.2.2), a policy (x.7.x) and a bad sender (x.1.7, x.1.8) say nothing against the address."""
    found = _STATUS.search(text)
    if found:
        group, subject, detail = found.groups()
        if subject == "7" or (group == "5" and subject in {"3", "6"}) or (subject, detail) in {("1", "7"), ("1", "8")}:
            return BLOCKED
        if group == "4" or (subject, detail) == ("2", "2") or subject == "4":
            return SOFT
        if (group, subject) == ("5", "1") or (subject, detail) == ("2", "1"):
            return HARD if is_permanent else SOFT
    if not is_permanent or _FULL.search(text):
        return SOFT
    return BLOCKED if _POLICY.search(text) else HARD


def read_json(body: bytes) -> Any:
    """The JSON of a body. Raises Unreadable for what is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Unreadable("The body is no JSON.") from None


def read_object(value: Any) -> dict[str, Any]:
    """The value, if it is an object. Raises Unreadable."""
    if not isinstance(value, dict):
        raise Unreadable("An object was expected.")
    return value


def part(value: Any, *names: str) -> Any:
    """What stands under these names, one within the other; None where there is nothing."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def text(value: Any, limit: int = 500) -> str:
    """The value as a short text; nothing for what is no text or number."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).encode("utf-8", "replace").decode().replace("\0", "").strip()[:limit]


def moment(value: Any, now: datetime) -> datetime:
    """The time in seconds, milliseconds or ISO 8601; `now` for what cannot be one."""
    try:
        if isinstance(value, str) and not value.replace(".", "", 1).isdigit():
            found = datetime.fromisoformat(value)
            found = found if found.tzinfo else found.replace(tzinfo=UTC)
        else:
            number = float(value)
            found = datetime.fromtimestamp(number / 1000 if number > 1e11 else number, UTC)
    except (ValueError, TypeError, OverflowError, OSError):
        return now
    return found.astimezone(UTC) if timedelta(days=-3650) < found - now < timedelta(days=1) else now


def same(one: str, other: str) -> bool:
    """Whether two secrets are equal, in a time that tells nothing."""
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))


def is_recent(stamp: str, now: datetime) -> bool:
    """Whether a time in seconds, as text, is within the window."""
    return (
        stamp.isascii()
        and stamp.isdecimal()
        and len(stamp) < 12
        and abs(now.timestamp() - int(stamp)) <= WINDOW.total_seconds()
    )
