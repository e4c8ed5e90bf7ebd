"""Types of condition fields, texts and numbers first: which operators each allows, how it reads values, and how it compiles them.

A type has one method per operator it allows, named like the operator. Each returns an SQL expression with bound
values that is true of the contacts meant; where a contact has no value, only the negations and `is_not_set` are.
"""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select

from crm.conditions.controls import Lines, NumberBox, NumberLines, NumberPair, TextBox
from crm.conditions.fields import Field, Option
from crm.conditions.operators import BadValue
from crm.conditions.spans import Clock
from crm.conditions.values import bound_number, fold, read_number, read_text
from crm.database import db, is_postgresql


class FieldType:
    """What all types share: being set, equality and lists."""

    kind: str
    operators: tuple[str, ...]
    labels: dict[str, str] = {}
    controls: dict[str, Any] = {}
    """How values are entered, by the number of values an operator takes."""

    def read(self, field: Field, raw: Any, clock: Clock) -> Any:
        """The value to compare with, or BadValue."""
        raise NotImplementedError

    def read_range(self, field: Field, raw: Any, clock: Clock) -> tuple[Any, Any]:
        if not isinstance(raw, list | tuple) or len(raw) != 2:
            raise BadValue("Give two values, from and to.")
        low, high = (self.read(field, item, clock) for item in raw)
        if low > high:
            raise BadValue("The first value must not be greater than the second.")
        return low, high

    def options(self, field: Field) -> list[Option]:  # noqa: ARG002
        """What can be chosen, in order; nothing for free values."""
        return []

    def say(self, field: Field, raw: Any) -> str:  # noqa: ARG002
        """A good value in words."""
        return str(raw)

    def say_range(self, field: Field, label: str, raw: Any) -> str:
        """A good range in words, after the operator's."""
        return f"{label} {self.say(field, raw[0])} and {self.say(field, raw[1])}"

    def actual(self, field: Field, stored: Any, clock: Clock) -> str | None:  # noqa: ARG002
        """What the contact has, in words; None if nothing."""
        return None if stored is None else str(stored)

    def stored(self, field: Field, id_: int) -> Any:
        """What this contact has now."""
        return db.session.scalar(select(field.expression).where(contact_id() == id_))

    def is_set(self, field: Field) -> ColumnElement:
        return field.expression.is_not(None)

    def is_not_set(self, field: Field) -> ColumnElement:
        return field.expression.is_(None)

    def equals(self, field: Field, value: Any) -> ColumnElement:
        return field.expression == value

    def not_equals(self, field: Field, value: Any) -> ColumnElement:
        return or_(field.expression.is_(None), field.expression != value)

    def in_list(self, field: Field, values: list) -> ColumnElement:
        return field.expression.in_(values)

    def not_in_list(self, field: Field, values: list) -> ColumnElement:
        return or_(field.expression.is_(None), field.expression.not_in(values))


class Text(FieldType):
    """Free text. An empty text counts as unset."""

    kind = "text"
    operators = (
        "equals", "not_equals", "contains", "not_contains", "starts_with", "ends_with",
        "in_list", "not_in_list", "is_set", "is_not_set",
    )  # fmt: skip
    controls = {"one": TextBox(), "many": Lines()}

    def __init__(self, stored_folded: bool = False):
        """`stored_folded`: the column holds lower case only (email), so that its index can be used."""
        self.stored_folded = stored_folded

    def read(self, field: Field, raw: Any, clock: Clock) -> str:  # noqa: ARG002
        return fold(read_text(raw))

    def actual(self, field: Field, stored: Any, clock: Clock) -> str | None:
        return super().actual(field, stored, clock) or None

    def is_set(self, field: Field) -> ColumnElement:
        return and_(field.expression.is_not(None), field.expression != "")

    def is_not_set(self, field: Field) -> ColumnElement:
        return or_(field.expression.is_(None), field.expression == "")

    def equals(self, field: Field, value: str) -> ColumnElement:
        return self._folded(field, value) == value

    def not_equals(self, field: Field, value: str) -> ColumnElement:
        return or_(field.expression.is_(None), self._folded(field, value) != value)

    def in_list(self, field: Field, values: list) -> ColumnElement:
        return self._folded(field, "".join(values)).in_(values)

    def not_in_list(self, field: Field, values: list) -> ColumnElement:
        return or_(field.expression.is_(None), self._folded(field, "".join(values)).not_in(values))

    def contains(self, field: Field, value: str) -> ColumnElement:
        return self._folded(field, value).contains(value, autoescape=True)

    def not_contains(self, field: Field, value: str) -> ColumnElement:
        return or_(field.expression.is_(None), ~self.contains(field, value))

    def starts_with(self, field: Field, value: str) -> ColumnElement:
        return self._folded(field, value).startswith(value, autoescape=True)

    def ends_with(self, field: Field, value: str) -> ColumnElement:
        return self._folded(field, value).endswith(value, autoescape=True)

    def _folded(self, field: Field, value: str) -> ColumnElement:
        """The column in lower case, as far as this value can tell.

        SQLite's lower() knows ASCII only, and PostgreSQL's depends on the locale, so each other letter of the
        value is replaced by name; a function in Python would cost a call per row.
        """
        if self.stored_folded:
            return field.expression
        folded = func.lower(field.expression)
        for letter in sorted(set(value)):
            if not letter.isascii() and letter.upper() != letter and len(letter.upper()) == 1:
                folded = func.replace(folded, letter.upper(), letter)
        return folded


class Number(FieldType):
    """A whole or decimal number."""

    kind = "number"
    operators = (
        "equals", "not_equals", "greater_than", "less_than", "between",
        "in_list", "not_in_list", "is_set", "is_not_set",
    )  # fmt: skip
    controls = {"one": NumberBox(), "two": NumberPair(), "many": NumberLines()}

    def read(self, field: Field, raw: Any, clock: Clock) -> Any:  # noqa: ARG002
        return read_number(raw)

    def say(self, field: Field, raw: Any) -> str:  # noqa: ARG002
        return f"{read_number(raw):,}"

    def actual(self, field: Field, stored: Any, clock: Clock) -> str | None:  # noqa: ARG002
        return None if stored is None else f"{stored:,}"

    def equals(self, field: Field, value: float) -> ColumnElement:
        return field.expression == bound_number(value)

    def not_equals(self, field: Field, value: float) -> ColumnElement:
        return or_(field.expression.is_(None), field.expression != bound_number(value))

    def in_list(self, field: Field, values: list) -> ColumnElement:
        return field.expression.in_([bound_number(value) for value in values])

    def not_in_list(self, field: Field, values: list) -> ColumnElement:
        return or_(field.expression.is_(None), field.expression.not_in([bound_number(value) for value in values]))

    def greater_than(self, field: Field, value: float) -> ColumnElement:
        return field.expression > bound_number(value)

    def less_than(self, field: Field, value: float) -> ColumnElement:
        return field.expression < bound_number(value)

    def between(self, field: Field, low: float, high: float) -> ColumnElement:
        return and_(field.expression >= bound_number(low), field.expression <= bound_number(high))


def contact_id() -> ColumnElement:
    return db.metadata.tables["contacts"].c.id


def contact_in(rows: Select, is_probed: bool = False) -> ColumnElement:
    """The contact is among these rows of contact ids.

    SQLite takes any such set for small and begins with it; adding nothing to the id keeps it from that.
    """
    id_ = contact_id()
    return (id_ + 0 if is_probed and not is_postgresql() else id_).in_(rows)


def contact_not_in(rows: Select) -> ColumnElement:
    """The contact is not among these rows.

    SQLite reads them once for NOT IN. PostgreSQL would read them once per contact as soon as they outgrow its
    memory for hashes (half a million tags: minutes), but turns NOT EXISTS into a join.
    """
    if not is_postgresql():
        return contact_id().not_in(rows)
    found = rows.subquery()
    return ~exists().where(found.c[0] == contact_id()).correlate(db.metadata.tables["contacts"])
