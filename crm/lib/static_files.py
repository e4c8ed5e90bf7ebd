"""Addresses of static files carry a mark of their content, so that browsers keep them for a year and never see an old one."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, request, url_for

YEAR = 365 * 24 * 3600


def init_app(app: Flask) -> None:
    """Mark every address made by url_for, and let what is asked for by its mark be kept. Templates write `static(…)`."""
    app.jinja_env.globals["static"] = address
    app.url_defaults(_mark)
    app.after_request(_keep)


def address(filename: str) -> str:
    """Where the file is, worked out once: every page names some thirty."""
    found = _address.__wrapped__ if current_app.debug else _address
    return found(current_app.static_folder, request.script_root, filename)


@lru_cache(maxsize=512)
def _address(_folder: str | None, _root: str, filename: str) -> str:
    return url_for("static", filename=filename)


def _mark(endpoint: str, values: dict[str, Any]) -> None:
    if endpoint != "static" or "v" in values:
        return
    digest = _digest.__wrapped__ if current_app.debug else _digest
    if found := digest(current_app.static_folder or "", values["filename"]):
        values["v"] = found


@lru_cache(maxsize=512)
def _digest(folder: str, filename: str) -> str | None:
    """Read once by each process: files change with a release, and a release restarts it."""
    path = Path(folder) / filename
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10] if path.is_file() else None


def _keep(response: Response) -> Response:
    if request.endpoint == "static" and request.args.get("v") and response.status_code in (200, 304):
        response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    return response
