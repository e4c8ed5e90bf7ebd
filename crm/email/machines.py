"""Telling people from programs: privacy proxies that fetch every picture, scanners that follow every link."""

from __future__ import annotations

import re
from functools import lru_cache

from crawlerdetect import CrawlerDetect

_RULES = (
    (re.compile(r"^\s*$"), "no browser named"),
    (re.compile(r"^Mozilla/5\.0$"), "Apple Mail privacy"),
    (re.compile(r"Barracuda|Proofpoint|Mimecast|Symantec|FireEye|TrendMicro|Sophos|Cisco-?IronPort|Cloudmark|SafeLinks", re.I), "mail scanner"),
    (re.compile(r"Microsoft (Office|Outlook)"), ""),
    (re.compile(r"GoogleImageProxy|YahooMailProxy|HeadlessChrome/"), ""),
)  # fmt: skip
"""First match decides; no words means a person. Gmail and Yahoo fetch a picture when the mail is opened, unlike Apple, which fetches
all in advance. A windowless Chrome is what people automate for themselves; scanners that use it do not say so."""


@lru_cache(maxsize=2048)
def machine_reason(user_agent: str, method: str = "GET") -> str | None:
    """Why a request counts as a program's; None if it counts as a person's."""
    if method != "GET":
        return "asked for no content"
    for pattern, reason in _RULES:
        if pattern.search(user_agent):
            return reason or None
    return "crawler" if CrawlerDetect().isCrawler(user_agent) else None
