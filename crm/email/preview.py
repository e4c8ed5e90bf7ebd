"""Emails shown on our own pages: in a sandboxed frame, under a policy of their own, so that nothing in them can act as us."""

from __future__ import annotations

import re
from typing import Any

from flask import Response
from markupsafe import escape

from crm.contacts.models import Contact
from crm.email import addresses
from crm.email.compose import composed
from crm.email.links import filled
from crm.email.models import EmailContent, EmailMessage
from crm.email.rendering import Rendered, rendered
from crm.email.values import example_values, known, values_of

POLICY = (
    "default-src 'none'; img-src http: https: data:; style-src 'unsafe-inline'; base-uri 'self'; form-action 'none';"
    " frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
"""Links open outside of the frame; scripts, forms and our cookies stay out of reach."""


def framed(html: str) -> Response:
    """An email as the answer for a frame."""
    at = html.find("<head>") + len("<head>") if "<head>" in html else 0
    return Response(html[:at] + '<base target="_blank">' + html[at:], headers={"Content-Security-Policy": POLICY})


def framed_problems(problems: dict[str, list[str]]) -> Response:
    """What is wrong with words that cannot be shown yet."""
    items = "".join(f"<li>{escape(each)}</li>" for found in problems.values() for each in found)
    return framed(
        f'<head></head><body style="font:14px/1.5 sans-serif;padding:16px">Not ready to be shown:<ul>{items}</ul></body>'
    )


def example(form: str, subject: str, preheader: str, body: str, values: dict[str, Any] | None = None) -> Rendered:
    """A wording as somebody gets it, an example unless `values` says who; its links lead where they will. Raises MergeError."""
    content, mine = composed(form, subject, preheader, body), values or example_values()
    return rendered(
        content,
        mine,
        link=lambda at: filled(content.links[at], mine) or "#",
        unsubscribe_url="#unsubscribe",
    )


def values_for(contact: Contact | None) -> dict[str, Any]:
    """What merge tags give for this contact; for nobody, an example."""
    return values_of([contact.id], known())[contact.id] if contact else example_values()


def in_scheme(html: str, scheme: str) -> str:
    """The email as a mail program shows it that is set to dark, or to light, whatever the reader's own screen is set to."""
    return _DARK.sub("@media all" if scheme == "dark" else "@media not all", html)


def framed_text(text: str) -> Response:
    """The plain-text twin, for a frame."""
    return framed(f'<head></head><body style="margin:0"><pre style="{_PLAIN}">{escape(text)}</pre></body>')


_DARK = re.compile(r"@media\s*\(\s*prefers-color-scheme\s*:\s*dark\s*\)")
_PLAIN = "margin:0;padding:16px;white-space:pre-wrap;overflow-wrap:anywhere;font:13px/1.55 ui-monospace,Menlo,Consolas,monospace"


def as_received(message: EmailMessage) -> Rendered:
    """A message as its reader gets it, or would get it now. In the outbox its tracking is live. Raises MergeError."""
    content = _composed(message.content)
    values = message.merge_values or _values_now(message)
    if message.provider != "outbox":
        return rendered(
            content, values, link=lambda at: filled(content.links[at], values) or "#", unsubscribe_url="#unsubscribe"
        )
    return rendered(
        content,
        values,
        link=addresses.click_url(message.id),
        unsubscribe_url=addresses.unsubscribe_url(message.contact_id, message.id),
        open_url=addresses.open_url(message.id),
    )


def in_browser(message: EmailMessage) -> Rendered:
    """A message for its reader's browser: as it was sent, its links tracked, without the picture. Raises MergeError."""
    return rendered(
        _composed(message.content),
        message.merge_values or {},
        link=addresses.click_url(message.id),
        unsubscribe_url=addresses.unsubscribe_url(message.contact_id, message.id),
    )


def height_of(email: Rendered) -> int:
    """About how tall the email is in its frame, in pixels. The frame is closed to our page too, so it cannot be measured."""
    lines = sum(1 + len(line) // LINE for line in email.text.splitlines())
    pictures = email.html.count("<img") - email.html.count("/api/track/email/open/")
    return min(SHELL + LINE_HEIGHT * lines + PICTURE * pictures, 1600)


LINE, LINE_HEIGHT, PICTURE, SHELL = 64, 26, 180, 70
"""Characters of a line; heights of a line, of a picture, and of the shell around the words."""


def _composed(content: EmailContent) -> Any:
    return composed(content.format, content.subject, content.preheader, content.body)


def _values_now(message: EmailMessage) -> dict[str, Any]:
    found = values_of([message.contact_id], known()) if message.contact_id else {}
    return found.get(message.contact_id, example_values())
