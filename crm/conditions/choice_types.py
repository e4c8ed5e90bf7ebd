"""The types of condition fields whose values are chosen: from a list, yes or no, from a set such as tags."""

from typing import Any

from sqlalchemy import ColumnElement

from crm.conditions.controls import Checks, Select, YesNoSelect
from crm.conditions.field_types import FieldType, contact_in, contact_not_in
from crm.conditions.fields import Field, Option
from crm.conditions.operators import BadValue
from crm.conditions.spans import Clock
from crm.conditions.values import read_reference


class Choice(FieldType):
    """One of a fixed list, such as the lifecycle stage."""

    kind = "choice"
    operators = ("equals", "not_equals", "in_list", "not_in_list", "is_set", "is_not_set")
    controls = {"one": Select(), "many": Checks()}

    def options(self, field: Field) -> list[Option]:
        choices = field.choices() if callable(field.choices) else field.choices
        return [Option(*choice) if isinstance(choice, tuple) else Option(choice, str(choice)) for choice in choices]

    def read(self, field: Field, raw: Any, clock: Clock) -> Any:  # noqa: ARG002
        return _option(field, raw).value

    def say(self, field: Field, raw: Any) -> str:
        return _option(field, raw).label

    def actual(self, field: Field, stored: Any, clock: Clock) -> str | None:  # noqa: ARG002
        labels = {option.value: option.label for option in field.options()}
        return None if stored is None else labels.get(stored, str(stored))


class Several(Choice):
    """Any of a fixed list, a row of the field's relation each (see `held_type`)."""

    operators = ("contains", "not_contains", "in_list", "not_in_list", "is_set", "is_not_set")
    labels = {"contains": "is", "not_contains": "is not"}

    def contains(self, field: Field, value: Any) -> ColumnElement:
        return self.equals(field, value)


class YesNo(FieldType):
    """True or false. Unset is neither."""

    kind = "yes_no"
    operators = ("equals", "not_equals", "is_set", "is_not_set")
    controls = {"one": YesNoSelect()}
    words = {"true": True, "yes": True, "false": False, "no": False}

    def options(self, field: Field) -> list[Option]:  # noqa: ARG002
        return [Option("yes", "Yes"), Option("no", "No")]

    def read(self, field: Field, raw: Any, clock: Clock) -> bool:  # noqa: ARG002
        value = self.words.get(raw.lower()) if isinstance(raw, str) else raw
        if not isinstance(value, bool):
            raise BadValue("Choose yes or no.")
        return value

    def say(self, field: Field, raw: Any) -> str:  # noqa: ARG002
        return "yes" if self.words.get(str(raw).lower()) else "no"

    def actual(self, field: Field, stored: Any, clock: Clock) -> str | None:  # noqa: ARG002
        return None if stored is None else "yes" if stored else "no"

    def equals(self, field: Field, value: bool) -> ColumnElement:
        return field.expression.is_(value)

    def not_equals(self, field: Field, value: bool) -> ColumnElement:
        return field.expression.is_distinct_from(value)


class Link(FieldType):
    """A set of things linked to the contact, such as tags; a value is an id or a slug."""

    kind = "link"
    operators = ("contains", "not_contains", "in_list", "not_in_list", "is_set", "is_not_set")
    labels = {"contains": "is", "not_contains": "is not"}
    controls = {"one": Select(), "many": Checks()}

    def options(self, field: Field) -> list[Option]:
        return field.relation.options()

    def read(self, field: Field, raw: Any, clock: Clock) -> Any:  # noqa: ARG002
        found = field.relation.find(read_reference(raw))
        if found is None:
            raise BadValue(f"{field.label} “{raw}” does not exist (any more). Choose another.")
        return found

    def say(self, field: Field, raw: Any) -> str:
        found = field.relation.find(read_reference(raw))
        return str(raw) if found is None else field.relation.name_of(found)

    def stored(self, field: Field, id_: int) -> Any:
        return ", ".join(field.relation.names_of(id_)) or None

    def is_set(self, field: Field) -> ColumnElement:
        rows = field.relation.contacts_with(field.relation.target_id.is_not(None))
        return contact_in(rows, field.relation.is_probed)

    def is_not_set(self, field: Field) -> ColumnElement:
        return contact_not_in(field.relation.contacts_with(field.relation.target_id.is_not(None)))

    def contains(self, field: Field, value: int) -> ColumnElement:
        return self.in_list(field, [value])

    def not_contains(self, field: Field, value: int) -> ColumnElement:
        return self.not_in_list(field, [value])

    def in_list(self, field: Field, values: list) -> ColumnElement:
        rows = field.relation.contacts_with(field.relation.target_id.in_(values))
        return contact_in(rows, field.relation.is_probed)

    def not_in_list(self, field: Field, values: list) -> ColumnElement:
        return contact_not_in(field.relation.contacts_with(field.relation.target_id.in_(values)))


def _option(field: Field, raw: Any) -> Option:
    wanted = str(read_reference(raw)).lower()
    found = next((option for option in field.options() if option.key == wanted), None)
    if found is None:
        raise BadValue(f"Choose a {field.label.lower()} from the list.")
    return found
