"""Answers to lists: each item on its own, done or refused, whatever becomes of its neighbours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, jsonify
from marshmallow import fields

from crm.api.shapes import MOST, Shape
from crm.database import commit, db
from crm.lib.problems import Problem


class ItemOut(Shape):
    """What became of one item of a list."""

    index = fields.Integer(required=True, metadata={"description": "Its place in the list, from 0."})
    status = fields.Integer(required=True, metadata={"description": "As if it had been sent alone."})
    id = fields.Integer(metadata={"description": "The id of what was made or changed."})
    detail = fields.String(metadata={"description": "Why it was refused."})
    errors = fields.List(fields.Dict(), metadata={"description": "What is wrong, by JSON pointer into the item."})


class ItemsOut(Shape):
    """What became of each item of a list, in its order."""

    data = fields.List(fields.Nested(ItemOut), required=True)


CHUNK = 50
"""Items done between two commits, so that others can write meanwhile."""


def each_of(items: list[Any], do: Callable[[Any], dict[str, Any]]) -> Response:
    """Do each item; `do` answers with its status, and its id if it has one, or raises Problem, which undoes that item alone.

    Committed in chunks: doing an item twice must be harmless.
    """
    check_length(items)
    answers: list[dict[str, Any]] = []
    for index, item in enumerate(items):
        answers.append({"index": index, **_one(item, do)})
        if index % CHUNK == CHUNK - 1:
            commit()
    return answered(answers)


def check_length(items: list[Any]) -> None:
    """Raise Problem for a list that is too long."""
    if len(items) > MOST:
        raise Problem(422, errors=[{"pointer": "", "detail": f"A list holds at most {MOST:,} items."}])


def answered(answers: list[dict[str, Any]]) -> Response:
    """The reply that tells what became of each item."""
    return jsonify(ItemsOut().dump({"data": answers}))


def _one(item: Any, do: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    try:
        with db.session.begin_nested():
            return do(item)
    except Problem as problem:
        return refusal(problem)


def refusal(problem: Problem) -> dict[str, Any]:
    """A refused item."""
    return {"status": problem.code, "detail": problem.description, "errors": problem.errors}


def one_or_many(schema: type[Shape], example: Any = None) -> dict[str, Any]:
    """The request body of an address that takes one item or a list of them, for the documentation."""
    many = {"type": "array", "items": schema, "maxItems": MOST}
    content: dict[str, Any] = {"schema": {"oneOf": [schema, many]}}
    if example is not None:
        content["example"] = example
    return {"required": True, "content": {"application/json": content}}


def answer_to_either(schema: type[Shape]) -> dict[str, Any]:
    """What such an address answers, for the documentation."""
    return {"oneOf": [schema, ItemsOut]}
