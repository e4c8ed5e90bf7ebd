"""What a reader reads with, told from what their program calls itself: the kind of device, the mail program or browser, the system.

A rough reading on purpose: the families that matter for the look of an email, in the order in which their names hide each other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

UNKNOWN = "unknown"
DEVICES = {"desktop": "Computer", "phone": "Phone", "tablet": "Tablet", UNKNOWN: "Not told"}
"""Gmail and Yahoo fetch pictures on behalf of their readers, so they tell neither device nor system."""


@dataclass(frozen=True)
class Device:
    """A kind of `DEVICES`, the program and the system; empty where nothing is told."""

    kind: str = UNKNOWN
    client: str = ""
    system: str = ""


_CLIENTS = (
    ("Gmail", r"GoogleImageProxy"),
    ("Yahoo Mail", r"YahooMailProxy"),
    ("Outlook", r"Microsoft Outlook|MSOffice|ms-office|Microsoft Office"),
    ("Thunderbird", r"Thunderbird"),
    ("Samsung Mail", r"SamsungMail|Samsung Email"),
    ("Samsung Internet", r"SamsungBrowser"),
    ("Edge", r"Edg(?:e|A|iOS)?/"),
    ("Opera", r"OPR/|Opera"),
    ("Firefox", r"Firefox/|FxiOS/"),
    ("Chrome", r"Chrome/|CriOS/|Chromium/"),
    ("Apple Mail", r"(?:iPhone|iPad|Macintosh).*AppleWebKit(?!.*Version/)"),
    ("Safari", r"Safari/"),
)
_SYSTEMS = (
    ("iOS", r"iPhone|iPad|iPod"),
    ("Android", r"Android"),
    ("Windows", r"Windows"),
    ("macOS", r"Macintosh|Mac OS X"),
    ("ChromeOS", r"CrOS"),
    ("Linux", r"Linux|X11"),
)
_KINDS = (
    ("tablet", r"iPad|Tablet|Android(?!.*Mobile)|Kindle|Silk/"),
    ("phone", r"iPhone|iPod|Mobile|Windows Phone"),
    ("desktop", r"Windows|Macintosh|CrOS|Linux|X11"),
)
_HIDING = frozenset({"Gmail", "Yahoo Mail"})


def _compiled(rules: tuple[tuple[str, str], ...]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((name, re.compile(pattern)) for name, pattern in rules)


_CLIENT_RULES, _SYSTEM_RULES, _KIND_RULES = map(_compiled, (_CLIENTS, _SYSTEMS, _KINDS))


@lru_cache(maxsize=2048)
def device_of(user_agent: str) -> Device:
    """What this program runs on, as far as it tells."""
    text = user_agent[:500]
    client = _first(_CLIENT_RULES, text)
    if client in _HIDING:
        return Device(UNKNOWN, client)
    return Device(_first(_KIND_RULES, text) or UNKNOWN, client, _first(_SYSTEM_RULES, text))


def _first(rules: tuple[tuple[str, re.Pattern[str]], ...], text: str) -> str:
    return next((name for name, pattern in rules if pattern.search(text)), "")
