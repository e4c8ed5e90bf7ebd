"""The types of condition fields that hold days and moments. What their values look like is described in `spans`."""

from typing import Any

from sqlalchemy import ColumnElement, and_, or_

from crm.conditions.controls import PeriodBox, PointBox
from crm.conditions.field_types import FieldType
from crm.conditions.fields import Field
from crm.conditions.operators import BadValue
from crm.conditions.spans import Clock, Span, read_day, read_period, read_span, say_period, say_point
from crm.lib.html import day, on_the_clock


class Date(FieldType):
    """A day, such as a birthday. Values as described in `spans`, without hours."""

    kind = "date"
    operators = ("equals", "not_equals", "before", "after", "between", "is_set", "is_not_set")
    labels = {"between": "is within"}
    controls = {"one": PointBox(), "two": PeriodBox()}

    def read(self, field: Field, raw: Any, clock: Clock) -> Any:  # noqa: ARG002
        return read_day(raw, clock)

    def read_range(self, field: Field, raw: Any, clock: Clock) -> tuple[Any, Any]:
        return super().read_range(field, read_period(raw), clock)

    def say(self, field: Field, raw: Any) -> str:  # noqa: ARG002
        return say_point(raw)

    def actual(self, field: Field, stored: Any, clock: Clock) -> str | None:  # noqa: ARG002
        return None if stored is None else day(stored)

    def say_range(self, field: Field, label: str, raw: Any) -> str:  # noqa: ARG002
        return say_period(raw) if isinstance(raw, dict) else super().say_range(field, "is between", raw)

    def before(self, field: Field, value: Any) -> ColumnElement:
        return field.expression < value

    def after(self, field: Field, value: Any) -> ColumnElement:
        return field.expression > value

    def between(self, field: Field, low: Any, high: Any) -> ColumnElement:
        return and_(field.expression >= low, field.expression <= high)


class Moment(Date):
    """A moment in time, such as the last click. Values as described in `spans`; a day covers all of its hours."""

    kind = "moment"
    controls = {"one": PointBox(has_times=True), "two": PeriodBox(has_times=True)}

    def read(self, field: Field, raw: Any, clock: Clock) -> Span:  # noqa: ARG002
        return read_span(raw, clock)

    def read_range(self, field: Field, raw: Any, clock: Clock) -> tuple[Span, Span]:
        low, high = (self.read(field, point, clock) for point in read_period(raw))
        if low.start > high.start:
            raise BadValue("The first date must not be later than the second.")
        return low, high

    def actual(self, field: Field, stored: Any, clock: Clock) -> str | None:  # noqa: ARG002
        return None if stored is None else on_the_clock(stored.astimezone(clock.zone))

    def equals(self, field: Field, value: Span) -> ColumnElement:
        return self.between(field, value, value)

    def not_equals(self, field: Field, value: Span) -> ColumnElement:
        return or_(field.expression.is_(None), field.expression < value.start, field.expression >= value.end)

    def before(self, field: Field, value: Span) -> ColumnElement:
        return field.expression < value.start

    def after(self, field: Field, value: Span) -> ColumnElement:
        return field.expression >= value.end

    def between(self, field: Field, low: Span, high: Span) -> ColumnElement:
        return and_(field.expression >= low.start, field.expression < high.end)
