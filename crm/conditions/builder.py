"""What the builder shows: a condition, finished or not, as groups and rows with their controls and errors."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from crm.conditions.fields import Field, Option, registered_fields
from crm.conditions.operators import OPERATORS, Operator
from crm.conditions.reading import DEEPEST, Path, Problem

Errors = Mapping[Path, list[Problem]]


@dataclass(frozen=True)
class Row:
    """One clause. `name` begins the names of its inputs; `shape` says what its value was entered for."""

    name: str
    key: str
    field: Field | None
    operator: Operator | None
    raw: Any
    errors: list[Problem]

    is_group = False

    @property
    def operators(self) -> list[Option]:
        labels = self.field.type.labels if self.field else {}
        keys = self.field.operator_keys if self.field else ()
        return [Option(key, labels.get(key, OPERATORS[key].label)) for key in keys]

    @property
    def control(self) -> Any | None:
        return control_of(self.field, self.operator)

    @property
    def shape(self) -> str:
        return shape_of(self.field, self.operator)

    @property
    def value(self) -> Any:
        return self.control.show(self.raw)

    @property
    def options(self) -> list[Option]:
        return self.field.options()

    def error_in(self, part: str) -> str | None:
        return next((problem.message for problem in self.errors if problem.part == part), None)


@dataclass(frozen=True)
class Rows:
    """One group: `key` is its path ("" for the whole), as the edit buttons send it."""

    name: str
    key: str
    match: str
    children: list["Row | Rows"]
    errors: list[Problem]
    level: int

    is_group = True

    @property
    def may_nest(self) -> bool:
        return self.level + 1 < DEEPEST


@dataclass(frozen=True)
class Builder:
    """A condition in the builder. `name` begins the names of all its inputs."""

    name: str
    condition: Any
    problems: Iterable[Problem] = ()
    fields: Mapping[str, Field] = field(default_factory=registered_fields)
    narrows: bool = False
    """Whether it only narrows what is chosen elsewhere: empty, it says nothing instead of meaning everybody."""

    @property
    def root(self) -> Rows:
        errors: dict[Path, list[Problem]] = {}
        for problem in self.problems:
            errors.setdefault(problem.path, []).append(problem)
        return self._rows(self.condition if isinstance(self.condition, dict) else {}, (), errors)

    @property
    def groups(self) -> list[tuple[str, list[Field]]]:
        """The fields to choose from, under their headings."""
        return [(title, list(fields)) for title, fields in groupby(self.fields.values(), lambda known: known.group)]

    def _rows(self, raw: dict, path: Path, errors: Errors) -> Rows:
        listed = raw.get("conditions")
        children = [
            self._rows(child, (*path, index), errors)
            if "conditions" in child and len(path) < DEEPEST
            else self._row(child, (*path, index), errors)
            for index, child in enumerate(listed if isinstance(listed, list) else [])
            if isinstance(child, dict)
        ]
        match = "any" if raw.get("match") == "any" else "all"
        return Rows(self._name(path), path_key(path), match, children, errors.get(path, []), len(path))

    def _row(self, raw: dict, path: Path, errors: Errors) -> Row:
        found, operator = field_and_operator(raw, self.fields)
        return Row(self._name(path), path_key(path), found, operator, raw.get("value"), errors.get(path, []))

    def _name(self, path: Path) -> str:
        return "-".join([self.name, *map(str, path)])


def field_and_operator(raw: dict, fields: Mapping[str, Field]) -> tuple[Field | None, Operator | None]:
    """The clause's field and operator, as far as they are known; a field always comes with an operator it allows."""
    field, operator = (raw.get(part) if isinstance(raw.get(part), str) else "" for part in ("field", "operator"))
    found = fields.get(field)
    if found is None:
        return None, None
    return found, OPERATORS[operator if operator in found.operator_keys else found.operator_keys[0]]


def control_of(field: Field | None, operator: Operator | None) -> Any | None:
    return field.type.controls.get(operator.arity.key) if field and operator else None


def shape_of(field: Field | None, operator: Operator | None) -> str:
    control = control_of(field, operator)
    return f"{field.key}:{control.template}" if control else ""


def path_key(path: Path) -> str:
    return "-".join(map(str, path))
