"""What came back from the emails that a step of a workflow sent."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, abort, render_template
from flask_login import current_user

from crm.automation.editing import workflow_or_404
from crm.automation.models import Step, Version, Workflow
from crm.automation.types import STEPS
from crm.database import db
from crm.email.models import EmailMessage
from crm.email.report import report_of
from crm.lib import clock
from crm.users.access import requires

bp = Blueprint("step_emails", __name__)


@bp.get("/workflows/<int:workflow_id>/steps/<int:step_id>/emails")
@requires("crm.workflows.view", "crm.broadcasts.view")
def show(workflow_id: int, step_id: int) -> str:
    """Opens, clicks and the rest, of every version of the workflow in which the step has this name."""
    workflow = workflow_or_404(workflow_id)
    step = db.session.scalar(_steps(workflow).where(Step.id == step_id)) or abort(404)
    kind = STEPS.get(step.step_type)
    if kind is None or not kind.sends_email:
        abort(404)
    same = _steps(workflow).where(Step.key == step.key) if step.key else _steps(workflow).where(Step.id == step.id)
    which = sa.and_(EmailMessage.step_id.in_(same.with_only_columns(Step.id)), EmailMessage.purpose == "workflow")
    report = report_of(which, current_user, clock.now())
    return render_template(
        "automation/emails.html", workflow=workflow, summary=kind.summary(step.step_config), report=report
    )


def _steps(workflow: Workflow) -> sa.Select[tuple[Step]]:
    return sa.select(Step).join(Version, Version.id == Step.version_id).where(Version.workflow_id == workflow.id)
