"""What all resources' schemas are made of."""

from __future__ import annotations

from datetime import UTC, date
from typing import Any

from marshmallow import Schema, ValidationError, fields
from marshmallow.validate import Length, Range

from crm.lib.clock import is_near

LARGEST_ID = 2**63 - 1
MOST = 1000
"""Items that one list may hold."""


class Shape(Schema):
    """Takes the fields it names and no others."""

    error_messages = {"unknown": "There is no such field.", "type": "This must be an object."}


class Ref(fields.Field):
    """An id, or the name that stands for it: a slug, an email address."""

    def __init__(self, description: str, **options: Any):
        super().__init__(metadata={"type": ["integer", "string"], "description": description}, **options)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int | str:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise ValidationError("Give an id or a name.")
        return value


def an_id(description: str = "", **options: Any) -> fields.Integer:
    """An id."""
    return fields.Integer(
        strict=True, validate=Range(1, LARGEST_ID), metadata={"description": description or "Its id."}, **options
    )


def id_parameter(description: str) -> fields.Integer:
    """An id in an address, which is text."""
    return fields.Integer(validate=Range(1, LARGEST_ID), metadata={"description": description})


def text(description: str = "", most: int = 255, least: int = 0, **options: Any) -> fields.String:
    """A text of at most so many characters."""
    return fields.String(validate=Length(least, most), metadata={"description": description}, **options)


def moment(description: str = "", **options: Any) -> fields.AwareDateTime:
    """A moment, answered in UTC; one without a zone is read as UTC."""
    rules = {"default_timezone": UTC, "validate": _check_near}
    return fields.AwareDateTime(format="iso", metadata={"description": description}, **rules, **options)


def _check_near(value: date) -> None:
    """Such as the year 1 that some languages write for no time at all."""
    if not is_near(value):
        raise ValidationError("Give a year from 1800 to 2999.")


class ListArgs(Shape):
    """Which part of a list."""

    error_messages = {"unknown": "There is no such parameter."}

    limit = fields.Integer(
        load_default=50, validate=Range(1, 200), metadata={"description": "How many at most, up to 200."}
    )
    cursor = fields.String(metadata={"description": "`next_cursor` of the page before."})


def page_of(item: type[Schema]) -> type[Schema]:
    """The schema of a page of these items."""
    name = item.__name__ + "Page"
    described = {"description": "For the next page; null on the last one."}
    return type(
        name,
        (Shape,),
        {
            "__doc__": f"A page of {item.__name__}.",
            "data": fields.List(fields.Nested(item), required=True),
            "next_cursor": fields.String(required=True, allow_none=True, metadata=described),
        },
    )
