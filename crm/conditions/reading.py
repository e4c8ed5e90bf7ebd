"""Reading a condition: from any JSON to a tree of clauses with their fields, operators and values, and what is wrong.

Reading never fails. What cannot be understood becomes a problem and, in the tree, a clause without a field.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app

from crm.conditions.fields import Field, registered_fields
from crm.conditions.operators import OPERATORS, BadValue, Operator
from crm.conditions.spans import Clock
from crm.lib import clock

DEEPEST = 10
MOST_CLAUSES = 100

Path = tuple[int, ...]


@dataclass(frozen=True)
class Problem:
    """What is wrong, and where: `path` holds the position of the clause at each level, `part` which of its parts."""

    path: Path
    message: str
    part: str = "clause"

    @property
    def pointer(self) -> str:
        """The place as a JSON pointer into the condition, such as /conditions/0/value."""
        steps = "".join(f"/conditions/{index}" for index in self.path)
        return steps if self.part in ("clause", "group") else f"{steps}/{self.part}"


@dataclass(frozen=True)
class Clause:
    """One comparison. Without a problem it has field, operator and the values read."""

    path: Path
    raw: Any
    field: Field | None = None
    operator: Operator | None = None
    values: tuple = ()
    problem: Problem | None = None


@dataclass(frozen=True)
class Group:
    """Clauses and groups of which all, or any, must hold."""

    path: Path
    match: str
    children: tuple["Clause | Group", ...]


@dataclass(frozen=True)
class Reading:
    """A condition that has been read at one moment: its tree, and what is wrong with it."""

    tree: Group
    problems: list[Problem]
    clock: Clock


def read_condition(condition: Any, now: datetime | None = None, fields: Mapping[str, Field] | None = None) -> Reading:
    """Read any JSON; `now` settles relative dates, and `fields` are those registered unless given."""
    zone = ZoneInfo(current_app.config.get("TIMEZONE") or "UTC")
    at = Clock(now or clock.now(), zone)
    reader = Reader(registered_fields() if fields is None else fields, at)
    return Reading(reader.read(condition), reader.problems, at)


def validate(condition: Any, now: datetime | None = None, fields: Mapping[str, Field] | None = None) -> list[Problem]:
    """Everything wrong with a condition; nothing for a good one. Takes any JSON and never raises."""
    return read_condition(condition, now, fields).problems


class Reader:
    """Reads one condition, collecting problems and counting clauses on the way."""

    def __init__(self, fields: Mapping[str, Field], clock: Clock):
        self.fields, self.clock = fields, clock
        self.clauses = 0
        self.problems: list[Problem] = []

    def read(self, raw: Any) -> Group:
        if raw is None or raw == {}:
            return Group((), "all", ())
        tree = self._group(raw, ())
        if self.clauses > MOST_CLAUSES:
            tree = self._refuse(raw, Problem((), f"A condition has at most {MOST_CLAUSES} clauses.", "group"))
        return tree if isinstance(tree, Group) else Group((), "all", (tree,))

    def _group(self, raw: Any, path: Path) -> Group | Clause:
        problem = _wrong_with_group(raw, path)
        if problem:
            return self._refuse(raw, problem)
        children = tuple(self._child(child, (*path, index)) for index, child in enumerate(raw["conditions"]))
        return Group(path, raw.get("match", "all"), children)

    def _child(self, raw: Any, path: Path) -> Group | Clause:
        if isinstance(raw, dict) and "conditions" in raw:
            return self._group(raw, path)
        self.clauses += 1
        return self._clause(raw, path) if self.clauses <= MOST_CLAUSES else Clause(path, raw)

    def _clause(self, raw: Any, path: Path) -> Clause:
        if not isinstance(raw, dict):
            return self._refuse(raw, Problem(path, "A clause is an object with “field”, “operator” and “value”."))
        field = _known(self.fields, raw.get("field"))
        if field is None:
            return self._refuse(raw, Problem(path, "Choose a field.", "field"))
        operator = _known(OPERATORS, raw.get("operator"))
        if operator is None or operator.key not in field.operator_keys:
            return self._refuse(raw, Problem(path, "Choose how to compare.", "operator"), field)
        try:
            values = operator.arity.read(field, raw.get("value"), self.clock)
        except BadValue as wrong:
            return self._refuse(raw, Problem(path, str(wrong), "value"), field, operator)
        return Clause(path, raw, field, operator, values)

    def _refuse(
        self, raw: Any, problem: Problem, field: Field | None = None, operator: Operator | None = None
    ) -> Clause:
        self.problems.append(problem)
        return Clause(problem.path, raw, field, operator, problem=problem)


def _wrong_with_group(raw: Any, path: Path) -> Problem | None:
    if not isinstance(raw, dict) or not isinstance(raw.get("conditions"), list):
        return Problem(path, "A condition is an object with “match” and a list “conditions”.", "group")
    if raw.get("match", "all") not in ("all", "any"):
        return Problem(path, "“match” is “all” or “any”.", "match")
    if len(path) >= DEEPEST:
        return Problem(path, f"Groups are nested too deeply: at most {DEEPEST} levels.", "group")
    if path and not raw["conditions"]:
        return Problem(path, "This group is empty: add a clause or remove the group.", "group")
    return None


def _known(table: Mapping[str, Any], key: Any) -> Any | None:
    return table.get(key) if isinstance(key, str) else None
