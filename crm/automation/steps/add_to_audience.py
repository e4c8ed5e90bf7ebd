"""Put the contact into an audience."""

from __future__ import annotations

from datetime import datetime

from crm.automation.decisions import AddToAudience as AddToAudienceEffect
from crm.automation.decisions import Decision, Next
from crm.automation.static_audience import StaticAudienceStep
from crm.automation.step_type import Config
from crm.automation.view import View


class AddToAudience(StaticAudienceStep):
    """Puts the contact into a static audience. Someone who is in it already stays, and nothing else happens.
    Dynamic audiences fill themselves."""

    kind = "add_to_audience"
    label = "Add to an audience"
    group = "Segmentation"
    icon = "user-plus"

    def summary(self, config: Config) -> str:
        name = self.named(config)
        return f"Add to the audience {name}" if name else "Add to an audience"

    def decide(self, view: View, config: Config, now: datetime) -> Decision:  # noqa: ARG002
        return Decision(Next(), "Added to the audience", (AddToAudienceEffect(config["audience_id"]),))
