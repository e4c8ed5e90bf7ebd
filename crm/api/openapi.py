"""The description of the API for programs: OpenAPI 3.1, made from the views and their schemas, at /api/v1/openapi.json."""

from __future__ import annotations

from typing import Any

from flask import Flask, current_app
from flask_smorest import Api

from crm.api.catalogue import RESOURCES

IDEMPOTENCY = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "maxLength": 255},
    "description": "Your own name for this request. Sent again within 24 hours, it is answered as before and done only once.",
}
PROBLEM = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong, in words."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "Where in the body, as a JSON pointer."},
                    "parameter": {"type": "string", "description": "Which parameter of the address."},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}
INTRODUCTION = """\
Every request carries `Authorization: Bearer TOKEN`. A token may do what its owner may, and sees the contacts its owner sees.

Lists are pages, newest first: `?limit=` up to 200, and `?cursor=` with the `next_cursor` of the page before.

A POST with an `Idempotency-Key` is done once, however often it is sent within 24 hours. The same key with another request is \
refused (422); while the first is under way, a second is refused (409).

Errors are problem details (RFC 9457), with `errors` by JSON pointer. Each owner of tokens may send 600 requests a minute; the \
`RateLimit-*` headers say how many are left, and beyond them the answer is 429 with `Retry-After`.\
"""


class Description(Api):
    """Describes the resources, and leaves errors and addresses to the app."""

    def _register_error_handlers(self) -> None:
        pass


def description() -> dict[str, Any]:
    """The OpenAPI document, made at the first request for it."""
    kept = current_app.extensions.get("openapi")
    if kept is None:
        kept = current_app.extensions["openapi"] = _described(current_app._get_current_object())  # type: ignore[attr-defined]
    return kept


def _described(app: Flask) -> dict[str, Any]:
    app.config.update(API_TITLE="Cohort", API_VERSION="1", OPENAPI_VERSION="3.1.0")
    api = Description(app, spec_kwargs={"info": {"description": INTRODUCTION}})
    for each in RESOURCES:
        each.register_views_in_doc(api, app, api.spec, name=each.name, parameters=None)
    return _finished(api.spec.to_dict())


def _finished(spec: dict[str, Any]) -> dict[str, Any]:
    """With what holds for every address: the token, problems, keys, and tags by their nouns."""
    components = spec["components"]
    components["schemas"] = {**components.get("schemas", {}), "Problem": PROBLEM}
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    components["responses"] = {"Problem": _problem("Why it was not done.")}
    components.pop("headers", None)
    components.pop("parameters", None)
    spec["security"] = [{"token": []}]
    spec["servers"] = [{"url": "/"}]
    spec["tags"] = [{"name": each.title, "description": each.description} for each in RESOURCES]
    titles = {each.name: each.title for each in RESOURCES}
    for path in spec["paths"].values():
        for method, operation in path.items():
            if isinstance(operation, dict):
                _finish(operation, method, titles)
    return spec


def _finish(operation: dict[str, Any], method: str, titles: dict[str, str]) -> None:
    operation["tags"] = [titles[each] for each in operation["tags"]]
    responses = {str(code): reply for code, reply in operation["responses"].items() if str(code).startswith("2")}
    responses["default"] = {"$ref": "#/components/responses/Problem"}
    operation["responses"] = responses
    if method == "post":
        operation.setdefault("parameters", []).append(IDEMPOTENCY)


def _problem(words: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": words, "content": {"application/problem+json": {"schema": schema}}}
