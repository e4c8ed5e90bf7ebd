"""What a message carries so that whatever comes back names it: a signed token, in a header of ours and in those of carriers whose door is open."""

from __future__ import annotations

from flask import current_app

from crm.email.addresses import tokens
from crm.providers.mail_reports import TOKEN_HEADER
from crm.providers.reports import REPORTERS

REPORT = "report"


HERE = "0TOKEN0"
"""Stands in the lines for the token of a message, which goes through JSON and headers as it is."""


def report_lines() -> str:
    """The header lines of a message with HERE in place of its token, each with its end."""
    open_ones = [each for each in REPORTERS.values() if current_app.config[each.setting]]
    theirs = [f"{name}: {value}" for each in open_ones for name, value in each.headers(HERE).items()]
    return "".join(f"{line}\r\n" for line in (f"{TOKEN_HEADER}: {HERE}", *theirs))


def report_headers(message_id: int) -> list[str]:
    """The header lines of this message."""
    return report_lines().replace(HERE, tokens().sign(REPORT, message_id)).splitlines()


def message_of(token: str) -> int | None:
    """The message that carried this token, if we made it."""
    found = tokens().read(REPORT, token) if token else None
    return found[0] if found and len(found) == 1 else None
