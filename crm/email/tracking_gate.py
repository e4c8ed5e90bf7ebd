"""Answers pictures, links and one-click unsubscribing before Flask does: what is called more often than all else together.

What it does not know it hands on: to the views in `tracking_routes`, which say the same in full.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

import sqlalchemy as sa
from flask import Flask

from crm.email.addresses import CLICK, OPEN, UNSUBSCRIBE
from crm.email.links import in_ascii
from crm.email.one_click import Leave, is_one_click
from crm.email.pixel import PIXEL
from crm.email.recorder import recorder_of
from crm.email.tracking import Hit
from crm.lib import clock
from crm.lib.tokens import tokens_of
from crm.security import POLICY

log = logging.getLogger(__name__)
_OPEN, _CLICK = "/api/track/email/open/", "/api/track/email/click/"
_LEAVE = "/api/track/unsubscribe/"
_LEFT = b"You are unsubscribed.\n"
_COMMON = [
    ("Cache-Control", "no-store, private"),
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", POLICY),
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
]
_PICTURE = [("Content-Type", "image/gif"), ("Content-Length", str(len(PIXEL))), *_COMMON]
_LEFT_HEADERS = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(_LEFT))), *_COMMON]
_ON = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", "0"), *_COMMON]
Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


class Gate:
    """A WSGI application in front of another. It stands behind what corrects the caller's address (TRUSTED_PROXIES)."""

    def __init__(self, app: Flask, inner: Application):
        self._app, self._inner = app, inner
        self._tokens = tokens_of(app)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        path, method = environ.get("PATH_INFO", ""), environ["REQUEST_METHOD"]
        if not path.startswith("/api/track/"):
            return self._inner(environ, start_response)
        if method == "POST" and path.startswith(_LEAVE) and self._has_left(path[len(_LEAVE) :], environ):
            start_response("200 OK", _LEFT_HEADERS)
            return [_LEFT]
        if method not in {"GET", "HEAD"}:
            return self._inner(environ, start_response)
        if path.startswith(_OPEN):
            return self._open(path[len(_OPEN) :], environ, start_response)
        url = self._destination(path[len(_CLICK) :], environ) if path.startswith(_CLICK) else None
        if url is None:
            return self._inner(environ, start_response)
        start_response("302 FOUND", [("Location", in_ascii(url)), *_ON])
        return [b""]

    def _open(self, token: str, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        found = self._tokens.read(OPEN, token)
        if found and len(found) == 1 and environ["REQUEST_METHOD"] == "GET":
            recorder_of(self._app).open(_hit(environ, found[0], None))
        start_response("200 OK", _PICTURE)
        return [PIXEL if environ["REQUEST_METHOD"] == "GET" else b""]

    def _destination(self, token: str, environ: Environ) -> str | None:
        found = self._tokens.read(CLICK, token)
        if not found or len(found) != 2:
            return None
        return recorder_of(self._app).click(_hit(environ, *found))

    def _has_left(self, token: str, environ: Environ) -> bool:
        """Whether this was one click of a mail program, and is written. What cannot be written is left to Flask to say."""
        found = self._tokens.read(UNSUBSCRIBE, token)
        if not found or len(found) != 2 or not is_one_click(environ):
            return False
        try:
            recorder_of(self._app).leave(Leave(*found, clock.now(), environ.get("REMOTE_ADDR", "")))
        except sa.exc.SQLAlchemyError:
            log.exception("an unsubscribing could not be written at once")
            return False
        return True


def _hit(environ: Environ, message_id: int, position: int | None) -> Hit:
    return Hit(
        message_id,
        position,
        clock.now(),
        environ.get("HTTP_USER_AGENT", ""),
        environ.get("REMOTE_ADDR", ""),
        environ["REQUEST_METHOD"],
    )
