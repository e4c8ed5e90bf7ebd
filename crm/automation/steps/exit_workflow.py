"""Leave the workflow."""

from __future__ import annotations

from datetime import datetime

from wtforms import Form, StringField
from wtforms.validators import Length

from crm.automation.decisions import Decision, Exit
from crm.automation.step_type import Config, Outcome, StepType
from crm.automation.view import View


class ExitWorkflowForm(Form):
    reason = StringField("Reason", [Length(max=200)], description="Shown in the contact's journey.")


class ExitWorkflow(StepType):
    """Ends the workflow for the contact here, whatever steps would follow. The reason is kept with their journey."""

    kind = "exit_workflow"
    label = "Exit"
    group = "Flow"
    icon = "logout"
    Form = ExitWorkflowForm

    def outcomes(self, config: Config) -> tuple[Outcome, ...]:  # noqa: ARG002
        return ()

    def summary(self, config: Config) -> str:
        return f"Exit: {config['reason']}" if config.get("reason") else "Exit the workflow"

    def decide(self, view: View, config: Config, now: datetime) -> Decision:  # noqa: ARG002
        reason = config.get("reason") or "Reached an exit"
        return Decision(Exit(reason), reason)
