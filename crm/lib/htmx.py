"""Pieces for htmx that are pages for everybody else, and the notices that go with them."""

from __future__ import annotations

import json
from typing import Any

from flask import Response, make_response, render_template, request


def is_htmx() -> bool:
    """Whether htmx asks, and so wants a piece. Never a reason to trust a request."""
    return request.headers.get("HX-Request") == "true"


def piece(template: str, title: str, back: str, status: int = 200, **values: Any) -> Response:
    """The piece alone for htmx; without JavaScript a page around it, named `title`, with a way `back`."""
    if is_htmx():
        return make_response(render_template(template, **values), status)
    page = render_template("piece.html", piece=template, page_title=title, back=back, **values)
    return make_response(page, status)


def triggering(response: Response, *events: str) -> Response:
    """Let htmx fire these events on the page's body once it has swapped the answer in."""
    response.headers["HX-Trigger"] = json.dumps({each: {"target": "body"} for each in events})
    return response
