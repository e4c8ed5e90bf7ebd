"""The certificates SNS signs with: fetched once from an address that was checked, and kept in the process."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from flask import current_app

from crm.database import rollback
from crm.lib.net import Unreachable, fetch, is_public
from crm.providers.mail_reports import Untrusted

KEPT, FAILED_FOR = 24 * 3600.0, 30.0
_known: dict[str, tuple[float, bytes]] = {}


def certificate_at(url: str) -> bytes:
    """The certificate at this address of SNS. Raises Untrusted when it cannot be had; then it is asked again half a minute later."""
    base = current_app.config["EMAIL_WEBHOOK_SES_CERTIFICATES"]
    where = base + urlsplit(url).path if base else url
    until, found = _known.get(where, (0.0, b""))
    if until < time.monotonic():
        rollback()  # no transaction is open while the network is waited for
        until, found = _fetched(where, is_own=bool(base))
        if len(_known) > 100:
            _known.clear()
        _known[where] = until, found
    if not found:
        raise Untrusted("The certificate could not be fetched.")
    return found


def _fetched(url: str, is_own: bool) -> tuple[float, bytes]:
    try:
        reply = fetch(url, is_allowed=(lambda _: True) if is_own else is_public)
    except Unreachable:
        return time.monotonic() + FAILED_FOR, b""
    is_there = reply.status == 200
    return time.monotonic() + (KEPT if is_there else FAILED_FOR), reply.body if is_there else b""
