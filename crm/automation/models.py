"""Workflows, their versions and steps, and the contacts on their way through."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.contacts.models import Contact
from crm.database import Identified, Model, Numbered, Timestamped, reference
from crm.lib import clock

STATUSES = {"draft": "Draft", "active": "Active", "paused": "Paused", "archived": "Archived"}
ENROLLMENT_STATUSES = {
    "active": "Active",
    "paused": "Paused",
    "held": "On hold",
    "completed": "Completed",
    "exited": "Exited",
    "failed": "Failed",
}
UNDER_WAY = ("active", "paused", "held")
"""Paused with the workflow, or held by a person: held stays held when the workflow goes on."""


class Workflow(Numbered, Timestamped, Model):
    """A named automation. New enrollments start on `published`; edits happen on the draft version, if there is one."""

    __tablename__ = "automation_workflows"

    name: Mapped[str] = mapped_column(sa.String(255))
    description: Mapped[str | None] = mapped_column(sa.Text)
    status: Mapped[str] = mapped_column(sa.String(12), default="draft", index=True)
    published_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    created_by: Mapped[int | None] = reference("users.id", on_delete="SET NULL")
    activated_at: Mapped[datetime | None]
    resumed_at: Mapped[datetime | None]
    """When it last began to run: failures before that are no reason to pause it again."""
    paused_reason: Mapped[str | None] = mapped_column(sa.String(255))
    """Why it paused itself; empty when a person did."""
    intake_after_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    """While those who already match are taken in: the last contact looked at."""
    total_enrolled: Mapped[int] = mapped_column(default=0)
    total_completed: Mapped[int] = mapped_column(default=0)
    total_converted: Mapped[int] = mapped_column(default=0)

    @property
    def status_label(self) -> str:
        return STATUSES.get(self.status, self.status)


class Version(Identified, Model):
    """One state of a workflow's definition; immutable once `published_at` is set. At most one draft per workflow."""

    __tablename__ = "automation_versions"

    workflow_id: Mapped[int] = reference("automation_workflows.id", on_delete="CASCADE")
    number: Mapped[int] = mapped_column(default=1)
    trigger_type: Mapped[str | None] = mapped_column(sa.String(100), index=True)
    trigger_conditions: Mapped[dict[str, Any]] = mapped_column(default=dict)
    entry_settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    goal: Mapped[dict[str, Any]] = mapped_column(default=dict)
    revision: Mapped[int] = mapped_column(default=0)
    """Grows with each edit, so that two people editing one draft are told."""
    published_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    workflow: Mapped[Workflow] = relationship()

    __table_args__ = (
        sa.UniqueConstraint("workflow_id", "number"),
        sa.Index(
            "uq_automation_versions_draft",
            "workflow_id",
            unique=True,
            sqlite_where=sa.text("published_at IS NULL"),
            postgresql_where=sa.text("published_at IS NULL"),
        ),
    )


class Step(Numbered, Timestamped, Model):
    """One step of a version. Siblings share `parent_step_id` and `branch_type` and follow `step_order`."""

    __tablename__ = "automation_steps"

    version_id: Mapped[int] = reference("automation_versions.id", on_delete="CASCADE")
    parent_step_id: Mapped[int | None] = reference("automation_steps.id", on_delete="CASCADE", index=True)
    branch_type: Mapped[str] = mapped_column(sa.String(50), default="main")
    step_order: Mapped[int]
    step_type: Mapped[str] = mapped_column(sa.String(50))
    step_config: Mapped[dict[str, Any]] = mapped_column(default=dict)
    key: Mapped[str | None] = mapped_column(sa.String(60))
    """The step's own name in a workflow document, for steps that point at it."""

    __table_args__ = (sa.Index("ix_automation_steps_version", "version_id", "step_order"),)


class Enrollment(Numbered, Model):
    """A contact on the way through one version. Due when active and `next_action_at` has come.

    `entry_key` is empty for a contact's first run and the number of the run for each after it, so that two enrollments at
    the same moment are one.
    """

    __tablename__ = "automation_enrollments"

    workflow_id: Mapped[int] = reference("automation_workflows.id", on_delete="CASCADE")
    version_id: Mapped[int] = reference("automation_versions.id", on_delete="CASCADE")
    contact_id: Mapped[int] = reference("contacts.id", on_delete="CASCADE", index=True)
    entry_key: Mapped[str] = mapped_column(sa.String(100), default="")
    current_step_id: Mapped[int | None] = reference("automation_steps.id", on_delete="SET NULL", index=True)
    status: Mapped[str] = mapped_column(sa.String(12), default="active")
    enrolled_at: Mapped[datetime] = mapped_column(default=clock.now)
    next_action_at: Mapped[datetime | None]
    arrived_at: Mapped[datetime | None]
    """When the visit to the current step began; empty until it has."""
    waiting_for: Mapped[str | None] = mapped_column(sa.String(50))
    event_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    """The activity that ended the wait of the current step."""
    visit_no: Mapped[int] = mapped_column(default=0)
    depth: Mapped[int] = mapped_column(default=0)
    cause_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    """The activity that started it."""
    completed_at: Mapped[datetime | None]
    """When it ended, however it ended."""
    exit_reason: Mapped[str | None] = mapped_column(sa.String(255))
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)

    contact: Mapped[Contact] = relationship()
    workflow: Mapped[Workflow] = relationship()

    @property
    def status_label(self) -> str:
        return ENROLLMENT_STATUSES.get(self.status, self.status)

    @property
    def is_under_way(self) -> bool:
        return self.status in UNDER_WAY

    __table_args__ = (
        sa.UniqueConstraint("workflow_id", "contact_id", "entry_key"),
        sa.Index("ix_automation_enrollments_due", "status", "next_action_at"),
        sa.Index("ix_automation_enrollments_workflow", "workflow_id", "status", "id"),
        sa.Index("ix_automation_enrollments_newest", "workflow_id", "id"),
        sa.Index(
            "ix_automation_enrollments_waiting",
            "contact_id",
            "waiting_for",
            sqlite_where=sa.text("waiting_for IS NOT NULL"),
            postgresql_where=sa.text("waiting_for IS NOT NULL"),
        ),
    )


class StepLog(Identified, Model):
    """One visit of one enrollment to one step: what was decided, why, and what came of it."""

    __tablename__ = "automation_step_logs"

    enrollment_id: Mapped[int] = reference("automation_enrollments.id", on_delete="CASCADE")
    step_id: Mapped[int] = reference("automation_steps.id", on_delete="CASCADE", index=True)
    visit_no: Mapped[int]
    status: Mapped[str] = mapped_column(sa.String(12), default="pending")
    executed_at: Mapped[datetime | None]
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    error_message: Mapped[str | None] = mapped_column(sa.Text)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    __table_args__ = (sa.UniqueConstraint("enrollment_id", "visit_no"),)
