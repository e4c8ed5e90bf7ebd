"""The type of condition fields that count, such as the emails a contact has opened."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, func, select

from crm.conditions.field_types import Number, contact_in, contact_not_in
from crm.conditions.fields import Field
from crm.conditions.spans import Clock
from crm.conditions.values import bound_number
from crm.database import db


class Count(Number):
    """How many rows of a relation a contact has. Whoever has none counts as 0, so it is never unset."""

    operators = ("equals", "not_equals", "greater_than", "less_than", "between", "in_list", "not_in_list")

    def actual(self, field: Field, stored: Any, clock: Clock) -> str | None:
        return super().actual(field, stored or 0, clock)

    def stored(self, field: Field, id_: int) -> int:
        rows = field.relation.contacts_with(field.relation.contact_id == id_).subquery()
        return db.session.scalar(select(func.count()).select_from(rows))

    def equals(self, field: Field, value: float) -> ColumnElement:
        return _counted(field, value == 0, lambda count: count == bound_number(value))

    def not_equals(self, field: Field, value: float) -> ColumnElement:
        return _counted(field, value != 0, lambda count: count != bound_number(value))

    def in_list(self, field: Field, values: list) -> ColumnElement:
        return _counted(field, 0 in values, lambda count: count.in_([bound_number(value) for value in values]))

    def not_in_list(self, field: Field, values: list) -> ColumnElement:
        return _counted(field, 0 not in values, lambda count: count.not_in([bound_number(value) for value in values]))

    def greater_than(self, field: Field, value: float) -> ColumnElement:
        return _counted(field, value < 0, lambda count: count > bound_number(value))

    def less_than(self, field: Field, value: float) -> ColumnElement:
        return _counted(field, value > 0, lambda count: count < bound_number(value))

    def between(self, field: Field, low: float, high: float) -> ColumnElement:
        return _counted(field, low <= 0 <= high, lambda count: count.between(bound_number(low), bound_number(high)))


def _counted(field: Field, is_true_of_none: bool, test: Callable[[Any], ColumnElement]) -> ColumnElement:
    """Grouping finds only contacts with rows; if those without are meant too, whoever fails the test is left out."""
    groups, holds = field.relation.contacts_with().group_by(field.relation.contact_id), test(func.count())
    if is_true_of_none:
        return contact_not_in(groups.having(~holds))
    return contact_in(groups.having(holds), field.relation.is_probed)
