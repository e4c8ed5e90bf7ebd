"""Telling people from programs: privacy proxies that fetch every picture, scanners that follow every link.

What a request calls itself decides first. For visitors from elsewhere the clock does, too: nobody reads a mail within two
seconds of its delivery, and nobody follows three of its links within three. Visitors with an address of the school's own
network are spared that, as no scanner calls from there; so is the outbox, whose mails never left.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from crawlerdetect import CrawlerDetect

PERSON, MACHINE, UNKNOWN, WAITING = "person", "machine", "unknown", "waiting"
AT_ONCE = timedelta(seconds=2)
"""Within this time of being handed over a mail is not even in its mailbox."""
SCANNING = timedelta(minutes=10)
"""How long after delivery a click may be a scanner's: it waits for `SETTLING` before anything comes of it."""
SETTLING = timedelta(seconds=5)
BURST, BURST_LINKS = timedelta(seconds=3), 3
"""So many different links of one mail within this time are followed by no person."""
EVERYTHING = "followed link after link"


@dataclass(frozen=True)
class Verdict:
    """Who made a request, as far as can be told, and why it is not taken for a person."""

    visitor: str = PERSON
    reason: str | None = None


_SCANNERS = (
    "Barracuda|Proofpoint|Mimecast|Symantec|MessageLabs|FireEye|Trellix|Trend ?Micro|Sophos|Cisco-?IronPort|IronPort|Cloudmark|SafeLinks|"
    "Microsoft-URLAnalyzer|Forti(?:Mail|Guard|Net)|SonicWALL|Kaspersky|McAfee|Bitdefender|Check ?Point|Zscaler|Vade|SpamAssassin|"
    "Hornetsecurity|Retarus|Avanan|Abnormal|Zix|AppRiver|EmailShield|urlscan|VirusTotal"
)
_RULES = (
    (re.compile(r"^\s*$"), Verdict(UNKNOWN, "no browser named")),
    (re.compile(r"^Mozilla/5\.0$"), Verdict(MACHINE, "Apple Mail privacy")),
    (re.compile(r"Edge/12\.246 Mozilla/5\.0$"), Verdict(MACHINE, "Gmail fetched it in advance")),
    (re.compile(r"BingPreview"), Verdict(MACHINE, "Outlook.com looked at it")),
    (re.compile(_SCANNERS, re.I), Verdict(MACHINE, "mail scanner")),
    (re.compile(r"Microsoft (Office|Outlook)|ms-office|MSOffice"), Verdict()),
    (re.compile(r"GoogleImageProxy|YahooMailProxy|HeadlessChrome/"), Verdict()),
)
"""First match decides. Gmail and Yahoo fetch a picture when the mail is opened, unlike Apple, which fetches all in advance, and unlike
Gmail's own prefetch for readers who are signed in, which names a browser of 2015. A windowless Chrome is what people automate for
themselves; scanners that use it do not say so."""


@lru_cache(maxsize=4096)
def by_name(user_agent: str, method: str = "GET") -> Verdict:
    """The verdict on a request by what it calls itself."""
    if method == "HEAD":
        return Verdict(MACHINE, "asked for no content")
    for pattern, verdict in _RULES:
        if pattern.search(user_agent):
            return verdict
    return Verdict(MACHINE, "crawler") if CrawlerDetect().isCrawler(user_agent) else Verdict()


def by_time(verdict: Verdict, sent_at: datetime | None, at: datetime, *, is_click: bool) -> Verdict:
    """The same verdict, or another because of how soon after the delivery it was. A click that may be a scanner's waits."""
    if verdict.visitor != PERSON or sent_at is None:
        return verdict
    if at - sent_at < AT_ONCE:
        return Verdict(MACHINE, "before it could be read")
    if is_click and at - sent_at < SCANNING:
        return Verdict(WAITING, "so soon that it may be a scanner")
    return verdict


@lru_cache(maxsize=4096)
def is_from_elsewhere(ip_address: str) -> bool:
    """Whether the address is a public one."""
    try:
        return ipaddress.ip_address(ip_address).is_global
    except ValueError:
        return False
