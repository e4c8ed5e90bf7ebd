"""The OpenAPI document as chapters to read."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from markdown_it import MarkdownIt
from markupsafe import Markup

MARKDOWN = MarkdownIt("commonmark", {"html": False})


@dataclass(frozen=True)
class Value:
    """One parameter or field: where it stands, its name, kind, whether it is needed, and what it means."""

    name: str
    kind: str
    is_required: bool
    words: str
    place: str = ""


@dataclass(frozen=True)
class Operation:
    """One address with one method."""

    id: str
    method: str
    path: str
    words: str
    parameters: list[Value]
    body: list[Value]
    example: str
    answers: list[tuple[str, str, list[Value]]]


@dataclass(frozen=True)
class Chapter:
    """A resource."""

    id: str
    title: str
    words: str
    operations: list[Operation]


def introduction(text: str) -> Markup:
    """Our own Markdown as HTML."""
    return Markup(MARKDOWN.render(text))  # noqa: S704


def chapters(spec: dict[str, Any]) -> list[Chapter]:
    """Every resource with its operations."""
    return [
        Chapter(_anchor(tag["name"]), tag["name"], tag["description"], _operations(spec, tag["name"]))
        for tag in spec["tags"]
    ]


def _operations(spec: dict[str, Any], tag: str) -> list[Operation]:
    return [
        _operation(spec, path, method, each, item.get("parameters", []))
        for path, item in spec["paths"].items()
        for method, each in item.items()
        if isinstance(each, dict) and tag in each["tags"]
    ]


def _operation(spec: dict[str, Any], path: str, method: str, each: dict[str, Any], shared: list[Any]) -> Operation:
    content = each.get("requestBody", {}).get("content", {}).get("application/json", {})
    schema = content.get("schema", {})
    example = json.dumps(content["example"], indent=2, ensure_ascii=False) if "example" in content else ""
    parameters = [_parameter(one) for one in [*shared, *each.get("parameters", [])]]
    words = " ".join((each.get("summary", ""), each.get("description", ""))).strip()
    answers = [(code, reply.get("description", ""), _answer(spec, reply)) for code, reply in each["responses"].items()]
    return Operation(
        _anchor(f"{method} {path}"), method.upper(), path, words, parameters, _values(spec, schema), example,
        [one for one in answers if one[0] != "default"],
    )  # fmt: skip


def _parameter(parameter: dict[str, Any]) -> Value:
    schema = parameter.get("schema", {})
    words = parameter.get("description") or schema.get("description", "")
    return Value(parameter["name"], _kind(schema), parameter.get("required", False), words, parameter["in"])


def _answer(spec: dict[str, Any], reply: dict[str, Any]) -> list[Value]:
    return _values(spec, reply.get("content", {}).get("application/json", {}).get("schema", {}))


def _values(spec: dict[str, Any], schema: dict[str, Any]) -> list[Value]:
    """The fields of an object; of a page those of its items; of a choice those of the first."""
    schema = _resolved(spec, schema)
    for one in schema.get("oneOf", ())[:1]:
        return _values(spec, one)
    properties = schema.get("properties", {})
    items = properties.get("data", {}).get("items")
    if items:
        return [Value(f"data[].{each.name}", each.kind, each.is_required, each.words) for each in _values(spec, items)]
    needed = schema.get("required", ())
    return [
        Value(name, _kind(_resolved(spec, each)), name in needed, _resolved(spec, each).get("description", ""))
        for name, each in properties.items()
    ]


def _resolved(spec: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    return spec["components"]["schemas"][name] if name else schema


def _kind(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(str(each) for each in schema["enum"])
    if "$ref" in schema:
        return "object"
    kinds = schema.get("type", "any")
    text = " or ".join(kinds) if isinstance(kinds, list) else kinds
    if text.startswith("array"):
        text = text.replace("array", f"list of {_kind(schema.get('items', {}))}", 1)
    return f"{text} ({schema['format']})" if "format" in schema else text


def _anchor(text: str) -> str:
    return re.sub(r"\W+", "-", text.lower()).strip("-")
