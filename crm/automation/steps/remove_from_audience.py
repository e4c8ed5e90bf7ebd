"""Take the contact out of an audience."""

from __future__ import annotations

from datetime import datetime

from crm.automation.decisions import Decision, Next
from crm.automation.decisions import RemoveFromAudience as RemoveFromAudienceEffect
from crm.automation.static_audience import StaticAudienceStep
from crm.automation.step_type import Config
from crm.automation.view import View


class RemoveFromAudience(StaticAudienceStep):
    """Takes the contact out of a static audience. For someone who is not in it, nothing happens."""

    kind = "remove_from_audience"
    label = "Remove from an audience"
    group = "Segmentation"
    icon = "user-minus"

    def summary(self, config: Config) -> str:
        name = self.named(config)
        return f"Remove from the audience {name}" if name else "Remove from an audience"

    def decide(self, view: View, config: Config, now: datetime) -> Decision:  # noqa: ARG002
        return Decision(Next(), "Removed from the audience", (RemoveFromAudienceEffect(config["audience_id"]),))
