"""Errors as programs read them: problem details (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from flask import Response, jsonify
from werkzeug.exceptions import HTTPException

Errors = Sequence[Mapping[str, object]]
DETAILS = {
    400: "The request cannot be read.",
    401: "Send Authorization: Bearer TOKEN.",
    403: "The owner of this token may not do this.",
    404: "There is nothing here, or not for the owner of this token.",
    405: "This address does not take this method.",
    409: "Somebody else was quicker. Look at it as it is now, then try again.",
    413: "The request is too large.",
    415: "Send JSON, with Content-Type: application/json.",
    422: "Some values cannot be used; errors says which.",
    429: "Too many requests. Retry-After says for how many seconds to pause.",
    500: "Something went wrong here. It was written down.",
    503: "The database is busy. Try again in a moment.",
    507: "The disk is full.",
}


class Problem(HTTPException):
    """An error with its status, its reason in words, and what is wrong with each value by JSON pointer."""

    def __init__(self, status: int, detail: str = "", errors: Errors = ()):
        super().__init__(detail or DETAILS.get(status))
        self.code = status
        self.errors = list(errors)


def problem_reply(status: int, detail: str | None = None, errors: Errors = ()) -> Response:
    """The error as an answer."""
    detail = detail or DETAILS.get(status) or HTTPStatus(status).description
    values = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    reply = jsonify({**values, "errors": list(errors)} if errors else values)
    reply.status_code, reply.mimetype = status, "application/problem+json"
    if status == 401:
        reply.headers["WWW-Authenticate"] = "Bearer"
    return reply
