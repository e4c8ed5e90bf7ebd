"""What every answer carries: a strict content policy, no sniffing, no framing, no caching of pages."""

from __future__ import annotations

from flask import Flask, Response, request
from flask_wtf import CSRFProtect

POLICY = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'self'; form-action 'self'"


class FormProtection(CSRFProtect):
    """Asks every form for its token. API calls have none to give: they carry a bearer token, and cookies count for nothing there."""

    def protect(self, apply_exemptions: bool = False) -> None:
        if not is_api_call():
            super().protect(apply_exemptions)


def is_api_call() -> bool:
    """Whether this request is for the API."""
    return f"{request.path}/".startswith("/api/v1/")


def init_app(app: Flask) -> None:
    """Add the headers to every answer; a view that set one of them keeps its own."""
    app.after_request(_headers)


def _headers(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", POLICY)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
    if request.endpoint != "static":
        headers.setdefault("Cache-Control", "no-store")
        response.vary.add("Cookie")
    return response
