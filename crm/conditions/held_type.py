"""The type of condition fields whose values are rows of a table beside `contacts`, such as custom fields."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement

from crm.conditions.field_types import FieldType, contact_in, contact_not_in
from crm.conditions.fields import Field, Option
from crm.conditions.spans import Clock
from crm.database import db

OPPOSITES = {"not_equals": "equals", "not_contains": "contains", "not_in_list": "in_list", "is_not_set": "is_set"}


class Held(FieldType):
    """What `inner` asks of a column, asked of the rows that the field's relation has of a contact.

    Affirmations are true of the contacts with such a row, negations of all others, those without any row included.
    """

    def __init__(self, inner: FieldType, value: Callable[[Sequence[Any]], Any]):
        """`value` makes one value of the cells of a contact's rows."""
        self.inner, self.value = inner, value
        self.kind, self.operators, self.labels, self.controls = (
            inner.kind,
            inner.operators,
            inner.labels,
            inner.controls,
        )
        for operator in inner.operators:
            setattr(self, operator, self._asking(operator))

    def read(self, field: Field, raw: Any, clock: Clock) -> Any:
        return self.inner.read(field, raw, clock)

    def read_range(self, field: Field, raw: Any, clock: Clock) -> tuple[Any, Any]:
        return self.inner.read_range(field, raw, clock)

    def options(self, field: Field) -> list[Option]:
        return self.inner.options(field)

    def say(self, field: Field, raw: Any) -> str:
        return self.inner.say(field, raw)

    def say_range(self, field: Field, label: str, raw: Any) -> str:
        return self.inner.say_range(field, label, raw)

    def stored(self, field: Field, id_: int) -> Any:
        rows = field.relation.contacts_with(field.relation.contact_id == id_)
        return self.value(list(db.session.scalars(rows.with_only_columns(field.expression))))

    def actual(self, field: Field, stored: Any, clock: Clock) -> str | None:
        return ", ".join(sorted(stored)) if isinstance(stored, list) else self.inner.actual(field, stored, clock)

    def _asking(self, operator: str) -> Callable[..., ColumnElement]:
        """The operator's method: every negation is the opposite of its affirmation."""
        affirmed = OPPOSITES.get(operator)
        among, of_row = (contact_not_in, affirmed) if affirmed else (contact_in, operator)

        def ask(field: Field, *values: Any) -> ColumnElement:
            return among(field.relation.contacts_with(getattr(self.inner, of_row)(field, *values)))

        return ask
