"""Where to go next: only ever to a page of ours, built from its endpoint and never from what was sent."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import current_app, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect


def own_page(target: str | None) -> str | None:
    """The address of the page of ours that `target` names, put together anew; None for anything else."""
    try:
        parts = urlsplit(target or "")
        adapter = current_app.url_map.bind("localhost")
        endpoint, arguments = adapter.match(parts.path, "GET")
    except (ValueError, HTTPException, RequestRedirect):
        return None
    if parts.scheme or parts.netloc or not parts.path.startswith("/") or endpoint in {"static", "users.sign_in"}:
        return None
    query = urlencode(parse_qsl(parts.query, keep_blank_values=True))
    return url_for(endpoint, **arguments) + ("?" + query if query else "")


def page_it_came_from(referrer: str | None, host: str) -> str | None:
    """The page of ours a form was sent from, if its browser says so."""
    try:
        parts = urlsplit(referrer or "")
    except ValueError:
        return None
    return own_page(parts._replace(scheme="", netloc="").geturl()) if parts.netloc == host else None
