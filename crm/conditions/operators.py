"""The fifteen operators of a condition, and how many values each takes. Which field types allow which is said there."""

from dataclasses import dataclass
from typing import Any

LONGEST_LIST = 200
MOST_SAID = 5


class BadValue(ValueError):
    """The value of a clause cannot be used; the message tells the person who wrote it why."""


class Nothing:
    """No value: `is_set`. A literal true may be given."""

    key = "none"

    def read(self, field: Any, raw: Any, clock: Any) -> tuple:  # noqa: ARG002
        if raw is False:
            raise BadValue("This operator takes no value; use its opposite instead of false.")
        return ()

    def phrase(self, label: str, field: Any, raw: Any) -> str:  # noqa: ARG002
        return label


class One:
    """One value."""

    key = "one"

    def read(self, field: Any, raw: Any, clock: Any) -> tuple:
        return (field.type.read(field, raw, clock),)

    def phrase(self, label: str, field: Any, raw: Any) -> str:
        return f"{label} {field.type.say(field, raw)}"


class Two:
    """A lower and an upper bound, both included; dates also have relative periods."""

    key = "two"

    def read(self, field: Any, raw: Any, clock: Any) -> tuple:
        return field.type.read_range(field, raw, clock)

    def phrase(self, label: str, field: Any, raw: Any) -> str:
        return field.type.say_range(field, label, raw)


class Many:
    """A list of values, at most 200, of which one is enough."""

    key = "many"

    def read(self, field: Any, raw: Any, clock: Any) -> tuple:
        if not isinstance(raw, list | tuple):
            raise BadValue("Give a list of values.")
        if not raw:
            raise BadValue("The list is empty: give at least one value.")
        if len(raw) > LONGEST_LIST:
            raise BadValue(f"The list is too long: at most {LONGEST_LIST} values, this one has {len(raw):,}.")
        return ([field.type.read(field, item, clock) for item in raw],)

    def phrase(self, label: str, field: Any, raw: Any) -> str:
        words = [field.type.say(field, item) for item in raw[:MOST_SAID]]
        more = f" and {len(raw) - MOST_SAID} more" if len(raw) > MOST_SAID else ""
        return f"{label} {', '.join(words)}{more}"


@dataclass(frozen=True)
class Operator:
    """One comparison: the key stored in the condition, the words for a sentence, and how many values it takes."""

    key: str
    label: str
    arity: Nothing | One | Two | Many


OPERATORS = {
    operator.key: operator
    for operator in (
        Operator("equals", "is", One()),
        Operator("not_equals", "is not", One()),
        Operator("greater_than", "is more than", One()),
        Operator("less_than", "is less than", One()),
        Operator("between", "is between", Two()),
        Operator("contains", "contains", One()),
        Operator("not_contains", "does not contain", One()),
        Operator("starts_with", "starts with", One()),
        Operator("ends_with", "ends with", One()),
        Operator("is_set", "is set", Nothing()),
        Operator("is_not_set", "is not set", Nothing()),
        Operator("in_list", "is any of", Many()),
        Operator("not_in_list", "is none of", Many()),
        Operator("before", "is before", One()),
        Operator("after", "is after", One()),
    )
}
