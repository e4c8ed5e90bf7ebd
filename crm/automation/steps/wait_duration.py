"""Wait for a length of time."""

from __future__ import annotations

from datetime import datetime

from wtforms import Form

from crm.automation import spans
from crm.automation.decisions import Decision, Next, WaitUntil
from crm.automation.step_type import Config, StepType
from crm.automation.view import View


class WaitDurationForm(Form):
    duration = spans.number_field("Wait for")
    unit = spans.unit_field()


class WaitDuration(StepType):
    """Holds the contact for the time you set, counted from the moment they reach this step, then lets them go on."""

    kind = "wait_duration"
    label = "Wait"
    group = "Timing"
    icon = "clock-pause"
    can_wait = True
    Form = WaitDurationForm

    def summary(self, config: Config) -> str:
        return f"Wait {spans.say(config, 'duration')}"

    def decide(self, view: View, config: Config, now: datetime) -> Decision:
        until = view.arrived_at + spans.span(config, "duration")
        length = spans.say(config, "duration")
        return Decision(Next(), f"Waited {length}") if now >= until else Decision(WaitUntil(until), f"Waits {length}")
