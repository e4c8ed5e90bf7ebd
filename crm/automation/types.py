"""Every trigger and step type, in the order people see them. A new type is its file and its line here."""

from __future__ import annotations

from crm.automation.step_type import StepType
from crm.automation.steps.add_tag import AddTag
from crm.automation.steps.add_to_audience import AddToAudience
from crm.automation.steps.condition import Condition
from crm.automation.steps.create_task import CreateTask
from crm.automation.steps.exit_workflow import ExitWorkflow
from crm.automation.steps.remove_from_audience import RemoveFromAudience
from crm.automation.steps.send_email import SendEmail
from crm.automation.steps.wait_duration import WaitDuration
from crm.automation.steps.wait_for_event import WaitForEvent
from crm.automation.trigger_type import TriggerType
from crm.automation.triggers.audiences import AudienceJoined
from crm.automation.triggers.contacts import StudentCreated
from crm.automation.triggers.email import EmailClicked, EmailOpened
from crm.automation.triggers.manual import Manual
from crm.automation.triggers.tags import TagAdded

TRIGGER_TYPES: tuple[TriggerType, ...] = (
    StudentCreated(),
    TagAdded(),
    AudienceJoined(),
    EmailOpened(),
    EmailClicked(),
    Manual(),
)

STEP_TYPES: tuple[StepType, ...] = (
    SendEmail(),
    WaitDuration(),
    WaitForEvent(),
    Condition(),
    AddTag(),
    AddToAudience(),
    RemoveFromAudience(),
    CreateTask(),
    ExitWorkflow(),
)

TRIGGERS = {each.kind: each for each in TRIGGER_TYPES}
STEPS = {each.kind: each for each in STEP_TYPES}
