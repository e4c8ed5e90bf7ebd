"""The shape of a workflow document: any JSON is read into names, steps and branches, or told what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from crm.activity.vocabulary import BY_KIND
from crm.automation.operations import REENTRY
from crm.automation.types import STEPS, TRIGGERS

MOST_STEPS = 500
DEEPEST = 20
KEYS = {"name", "description", "trigger", "entry", "goal", "steps"}
STEP_KEYS = {"type", "config", "id"}


@dataclass(frozen=True)
class DocumentProblem:
    """What is wrong, and where, as a JSON pointer into the document."""

    path: str
    text: str


@dataclass
class ShapedStep:
    """A step of a document."""

    path: str
    type: str
    config: dict[str, Any]
    key: str | None
    branches: dict[str, list[ShapedStep]] = field(default_factory=dict)


@dataclass
class Shaped:
    """A document whose shape is right."""

    name: str = ""
    description: str = ""
    trigger: str | None = None
    trigger_conditions: dict[str, Any] = field(default_factory=dict)
    entry: dict[str, Any] = field(default_factory=lambda: {"reentry": "never"})
    goal: str | None = None
    steps: list[ShapedStep] = field(default_factory=list)

    def all_steps(self) -> Iterator[ShapedStep]:
        """Every step, those in branches after the one they hang on."""
        ahead = list(self.steps)
        while ahead:
            step = ahead.pop(0)
            yield step
            ahead = [each for below in step.branches.values() for each in below] + ahead


def shape(document: Any) -> tuple[Shaped, list[DocumentProblem]]:
    """Read any JSON. Never raises."""
    reader = _Reader()
    return reader.read(document), reader.problems


class _Reader:
    def __init__(self) -> None:
        self.problems: list[DocumentProblem] = []
        self.count = 0
        self.keys: set[str] = set()

    def no(self, path: str, text: str) -> None:
        self.problems.append(DocumentProblem(path, text))

    def read(self, document: Any) -> Shaped:
        shaped = Shaped()
        if not isinstance(document, dict):
            self.no("", "A workflow is an object with a name, a trigger and steps.")
            return shaped
        self._unknown("", document, KEYS)
        shaped.name = self._name(document.get("name"))
        shaped.description = self._text("/description", document.get("description"))
        self._trigger(shaped, document.get("trigger"))
        self._entry(shaped, document.get("entry"))
        self._goal(shaped, document.get("goal"))
        shaped.steps = self._steps("/steps", document.get("steps", []), 1)
        return shaped

    def _name(self, value: Any) -> str:
        name = self._text("/name", value).strip()
        if not name or len(name) > 255:
            self.no("/name", "A workflow needs a name of at most 255 characters.")
        return name

    def _text(self, path: str, value: Any) -> str:
        if value is None:
            return ""
        if not isinstance(value, str) or "\0" in value or not _is_encodable(value):
            self.no(path, "This must be text.")
            return ""
        return value

    def _trigger(self, shaped: Shaped, value: Any) -> None:
        if value is None:
            return
        kind = value.get("type") if isinstance(value, dict) else None
        if not isinstance(kind, str) or kind not in TRIGGERS:
            self.no("/trigger/type", f"There is no trigger “{kind}”; choose one of {', '.join(TRIGGERS)}.")
            return
        self._unknown("/trigger", value, {"type", "conditions"})
        conditions = value.get("conditions") or {}
        if not isinstance(conditions, dict):
            self.no("/trigger/conditions", "This must be an object.")
            return
        shaped.trigger, shaped.trigger_conditions = kind, conditions

    def _entry(self, shaped: Shaped, value: Any) -> None:
        if value is None:
            return
        reentry = value.get("reentry", "never") if isinstance(value, dict) else None
        if not isinstance(reentry, str) or reentry not in REENTRY:
            self.no("/entry/reentry", f"Choose one of {', '.join(REENTRY)}.")
            return
        days = value.get("days")
        if reentry == "after_days" and not (type(days) is int and 1 <= days <= 3650):
            self.no("/entry/days", "Say after how many days, from 1 to 3,650.")
            return
        self._unknown("/entry", value, {"reentry", "days"})
        shaped.entry = {"reentry": reentry, "days": days if reentry == "after_days" else None}

    def _goal(self, shaped: Shaped, value: Any) -> None:
        if value is None or value == {}:
            return
        event = value.get("event") if isinstance(value, dict) else None
        if not isinstance(event, str) or event not in BY_KIND:
            self.no("/goal/event", f"There is no event “{event}”.")
            return
        shaped.goal = event

    def _steps(self, path: str, value: Any, depth: int) -> list[ShapedStep]:
        if not isinstance(value, list):
            self.no(path, "This must be a list of steps.")
            return []
        if depth > DEEPEST:
            self.no(path, f"Branches are nested more than {DEEPEST} deep.")
            return []
        found = [self._step(f"{path}/{number}", each, depth) for number, each in enumerate(value[: MOST_STEPS + 1])]
        return [each for each in found if each is not None]

    def _step(self, path: str, value: Any, depth: int) -> ShapedStep | None:
        self.count += 1
        if self.count > MOST_STEPS:
            if self.count == MOST_STEPS + 1:
                self.no("/steps", f"A workflow has at most {MOST_STEPS} steps.")
            return None
        kind = value.get("type") if isinstance(value, dict) else None
        if not isinstance(kind, str) or kind not in STEPS:
            self.no(f"{path}/type", f"There is no step type “{kind}”; choose one of {', '.join(STEPS)}.")
            return None
        config = value.get("config") or {}
        if not isinstance(config, dict):
            self.no(f"{path}/config", "This must be an object.")
            return None
        step = ShapedStep(path, kind, config, self._key(f"{path}/id", value.get("id")))
        names = [each.name for each in STEPS[kind].branches]
        self._unknown(path, value, STEP_KEYS | set(names))
        step.branches = {
            name: self._steps(f"{path}/{name}", value[name], depth + 1) for name in names if value.get(name) is not None
        }
        return step

    def _key(self, path: str, value: Any) -> str | None:
        key = self._text(path, value)[:60] or None
        if key and key in self.keys:
            self.no(path, f"Two steps have the id “{key}”.")
        self.keys |= {key} if key else set()
        return key

    def _unknown(self, path: str, value: dict[str, Any], known: set[str]) -> None:
        for key in value:
            if key not in known:
                self.no(f"{path}/{key}", "There is no such setting.")


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
