"""Every error as a page or piece with a plain message, for programs as problem details: no trace, no 500 for a fault of the
request or a busy database.
"""

from __future__ import annotations

import errno
import logging
from typing import Any

import sqlalchemy as sa
from flask import Flask, g, render_template
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from crm.database import is_busy, is_full, rollback
from crm.lib.problems import Problem, problem_reply
from crm.security import is_api_call

log = logging.getLogger(__name__)
Reply = tuple[Any, int] | tuple[Any, int, dict[str, str]]
PAGES = {400, 403, 404, 405, 409, 413, 429, 500, 503, 507}


def init_app(app: Flask) -> None:
    """Answer every error with our own words."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(sa.exc.OperationalError, _database)
    app.register_error_handler(OSError, _file)
    app.register_error_handler(OverflowError, _bad_value)
    app.register_error_handler(UnicodeEncodeError, _bad_value)
    app.register_error_handler(sa.exc.DataError, _bad_value)
    app.register_error_handler(Exception, _unforeseen)


def _page(code: int, **values: Any) -> Any:
    if is_api_call():
        return problem_reply(code)
    name = code if code in PAGES else 500 if code >= 500 else 400
    return render_template(f"errors/{name}.html", code=code, **values)


def _http(error: HTTPException) -> Any:
    if isinstance(error, CSRFError):
        return _page(
            400, reason="This form was open too long or came from elsewhere. Reload the page and send it again."
        ), 400
    code = error.code or 500
    if code < 400 or error.response is not None:
        return error
    headers = {name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After"}}
    if isinstance(error, Problem):
        rollback()
        return problem_reply(code, error.description, error.errors)
    return _page(code, reason=None), code, headers


def _database(error: sa.exc.OperationalError) -> Reply:
    rollback()
    g.writes, g.reads = False, True  # what the page of the error asks, it only reads
    text = str(error.orig)
    if is_full(error):
        log.error("the disk is full: %s", text)
        return _page(507), 507, {"Retry-After": "60"}
    if is_busy(error):
        return _page(503), 503, {"Retry-After": "2"}
    log.exception("the database failed")
    return _page(503), 503, {"Retry-After": "10"}


def _file(error: OSError) -> Reply:
    """A file that could not be written, or something unforeseen."""
    if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
        return _unforeseen(error)
    rollback()
    log.error("the disk is full: %s", error)
    return _page(507), 507, {"Retry-After": "60"}


def _bad_value(error: Exception) -> Reply:
    """A number or text no column can hold (an id beyond 2^63, half a surrogate pair): as good as not found."""
    rollback()
    log.info("a value no column can hold: %s", type(error).__name__)
    return _page(404), 404


def _unforeseen(error: Exception) -> Reply:
    rollback()
    log.exception("unforeseen: %s", type(error).__name__)
    return _page(500), 500
