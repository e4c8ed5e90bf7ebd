"""Wait until the contact does something, or time runs out."""

from __future__ import annotations

from datetime import datetime

from wtforms import Form, SelectField
from wtforms.validators import InputRequired

from crm.activity.vocabulary import BY_KIND, VOCABULARY
from crm.automation import spans
from crm.automation.decisions import Branch, Decision, WaitFor
from crm.automation.step_type import Config, Outcome, StepType
from crm.automation.view import View
from crm.lib.form_checks import choices

HAPPENED = Outcome("happened", "It happened")
TIMED_OUT = Outcome("timed_out", "Time ran out")


class WaitForEventForm(Form):
    event_type = SelectField(
        "Wait until",
        [InputRequired("Choose what to wait for.")],
        choices=choices((each.kind, each.label) for each in VOCABULARY),
    )
    timeout = spans.number_field("But at most")
    unit = spans.unit_field()


class WaitForEvent(StepType):
    """Holds the contact until they do what you choose, such as clicking a link. If they have not done it in the time
    you set, they go down the other branch. Only what happens after they reach this step counts."""

    kind = "wait_for_event"
    label = "Wait for an event"
    group = "Timing"
    icon = "hourglass"
    can_wait = True
    Form = WaitForEventForm

    def outcomes(self, config: Config) -> tuple[Outcome, ...]:  # noqa: ARG002
        return (HAPPENED, TIMED_OUT)

    def summary(self, config: Config) -> str:
        return f"Wait for “{_label(config)}”, at most {spans.say(config, 'timeout')}"

    def decide(self, view: View, config: Config, now: datetime) -> Decision:
        until = view.arrived_at + spans.span(config, "timeout")
        if view.has_event:
            return Decision(Branch(HAPPENED.name), f"It happened: {_label(config)}")
        if now >= until:
            return Decision(Branch(TIMED_OUT.name), f"Not within {spans.say(config, 'timeout')}: {_label(config)}")
        return Decision(WaitFor(config["event_type"], until), f"Waits for “{_label(config)}”")


def _label(config: Config) -> str:
    activity = BY_KIND.get(config.get("event_type", ""))
    return activity.label if activity else "…"
