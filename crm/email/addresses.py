"""The web addresses in an email that lead back here, each signed for its purpose."""

from __future__ import annotations

from collections.abc import Callable

from flask import current_app

from crm.lib.tokens import tokens

OPEN, CLICK, UNSUBSCRIBE = "open", "click", "unsubscribe"


def prefixes() -> tuple[str, str, str]:
    """What the tracked, unsubscribe and picture addresses of every message begin with; a token follows."""
    base = f"{_base()}/api/track/"
    return f"{base}email/click/", f"{base}unsubscribe/", f"{base}email/open/"


def open_url(message_id: int) -> str:
    """The picture whose fetching tells that a message was opened."""
    return f"{_base()}/api/track/email/open/{tokens().sign(OPEN, message_id)}"


def click_url(message_id: int) -> Callable[[int], str]:
    """The tracked address of the link at a position of a message."""
    base, sign = f"{_base()}/api/track/email/click/", tokens().sign
    return lambda position: base + sign(CLICK, message_id, position)


def unsubscribe_url(contact_id: int | None, message_id: int) -> str:
    """The page where the reader of a message leaves. It names the contact, so that it outlives the message."""
    return f"{_base()}/api/track/unsubscribe/{tokens().sign(UNSUBSCRIBE, contact_id or 0, message_id)}"


def _base() -> str:
    return current_app.config["PUBLIC_URL"]
