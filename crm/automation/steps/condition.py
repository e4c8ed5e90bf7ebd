"""Split the way by a condition."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from wtforms import Form

from crm.automation.decisions import Branch, Decision
from crm.automation.declared import Problem
from crm.automation.step_type import Config, Outcome, StepType
from crm.automation.view import View
from crm.conditions.forms import ConditionField
from crm.conditions.reading import validate
from crm.conditions.sentences import sentence

YES = Outcome("yes", "Yes")
NO = Outcome("no", "No")


class ConditionForm(Form):
    condition = ConditionField("The contact goes down “Yes” when", needs_clause=True)


class Condition(StepType):
    """Looks at the contact at the moment they reach this step and sends them down “Yes” if the condition holds, and
    down “No” if it does not."""

    kind = "condition"
    label = "If / else"
    group = "Flow"
    icon = "arrows-split-2"
    Form = ConditionForm

    def outcomes(self, config: Config) -> tuple[Outcome, ...]:  # noqa: ARG002
        return (YES, NO)

    def condition(self, config: Config) -> Any:
        return config

    def form(self, posted: Any = None, config: Mapping[str, Any] | None = None) -> Form:
        return self.Form(posted, data={"condition": dict(config or {})})

    def config_of(self, form: Form) -> dict[str, Any]:
        return form.data["condition"] or {}

    def summary(self, config: Config) -> str:
        return f"If {_small(sentence(config))}" if config.get("conditions") else "If …"

    def problems(self, config: Any) -> list[Problem]:
        if not isinstance(config, dict) or not config.get("conditions"):
            return [Problem("", "Say which contacts go down “Yes”.")]
        return [Problem(each.pointer.strip("/"), each.message) for each in validate(config)]

    def missing(self, config: Config) -> list[Problem]:  # noqa: ARG002
        return []

    def cleaned(self, config: Config) -> dict[str, Any]:
        return dict(config)

    def decide(self, view: View, config: Config, now: datetime) -> Decision:  # noqa: ARG002
        if view.holds:
            return Decision(Branch(YES.name), "The condition holds")
        return Decision(Branch(NO.name), "The condition does not hold")


def _small(text: str) -> str:
    return text[:1].lower() + text[1:]
