"""Reading what a program sent: strict JSON, so that nothing reaches a schema that no column could hold.

Not taken: NaN and infinities, numbers beyond 64 bits, half surrogate pairs, NUL, nesting deeper than 50.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from flask import g, request
from marshmallow import EXCLUDE, RAISE, Schema, ValidationError
from webargs.flaskparser import FlaskParser

from crm.lib.problems import Problem

LARGEST = 5 * 1024 * 1024
"""Bytes of one body."""
DEEPEST = 50
LARGEST_NUMBER = 2**63 - 1


def body() -> Any:
    """The JSON of this request, read once. Raises Problem (400, 413, 415)."""
    if "body" not in g:
        g.body = _read(request.get_data(cache=True))
    return g.body


def _read(data: bytes) -> Any:
    if not request.is_json:
        raise Problem(415)
    try:
        value = json.loads(data.decode("utf-8-sig"), parse_constant=_no_constant, parse_float=_number)
    except RecursionError:
        raise Problem(400, "The JSON is nested too deep.") from None
    except ValueError as error:
        raise Problem(400, f"The body is no JSON: {error}"[:300]) from None
    _check(value)
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number.")


def _number(text: str) -> float:
    number = float(text)
    if abs(number) == float("inf"):
        raise ValueError("a number is too large.")
    return number


def _check(value: Any) -> None:
    """Walk the value without recursion, and refuse what cannot be stored."""
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return
    raise Problem(400, f"The JSON is nested more than {DEEPEST} deep.")


def _inside(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value
        yield from value.values()
    elif isinstance(value, list):
        yield from value
    elif isinstance(value, str):
        _check_text(value)
    elif isinstance(value, int) and abs(value) > LARGEST_NUMBER:
        raise Problem(400, "A number is too large.")


def _check_text(text: str) -> None:
    if "\0" in text:
        raise Problem(400, "Text cannot hold the character NUL.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Problem(400, "Text holds half a surrogate pair.") from None


class Parser(FlaskParser):
    """Gives views their arguments; what is wrong with them is said by JSON pointer, or by the parameter's name."""

    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": RAISE, "headers": EXCLUDE}

    def _raw_load_json(self, req: Any) -> Any:  # noqa: ARG002
        return body()

    def handle_error(self, error: ValidationError, *_: Any, **__: Any) -> NoReturn:
        raise Problem(422, errors=errors_of(error))


def load(schema: Schema, value: Any) -> Any:
    """The value as the schema reads it. Raises Problem with what is wrong, by JSON pointer."""
    try:
        return schema.load(value)
    except ValidationError as error:
        raise Problem(422, errors=list(pointed(error.messages))) from None


def errors_of(error: ValidationError) -> list[dict[str, str]]:
    """What a parser found wrong, in body and query."""
    found: list[dict[str, str]] = []
    for location, messages in error.normalized_messages().items():
        texts = pointed(messages)
        found += texts if location == "json" else [_of_parameter(each) for each in texts]
    return found


def pointed(messages: Any, pointer: str = "") -> Iterator[dict[str, str]]:
    """Messages as marshmallow nests them, one by one, each with its JSON pointer."""
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            part = "" if key == "_schema" else "/" + str(key).replace("~", "~0").replace("/", "~1")
            yield from pointed(inner, pointer + part)
    elif isinstance(messages, list | tuple):
        for each in messages:
            yield from pointed(each, pointer)
    else:
        yield {"pointer": pointer, "detail": str(messages)}


def _of_parameter(error: dict[str, str]) -> dict[str, str]:
    return {"parameter": error["pointer"].split("/")[1] if error["pointer"] else "", "detail": error["detail"]}
