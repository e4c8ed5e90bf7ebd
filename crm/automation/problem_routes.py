"""Workflows that need a person, for the page one lands on."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from flask import Blueprint, Response, url_for

from crm.automation.models import Enrollment, Workflow
from crm.database import db
from crm.lib import clock
from crm.lib.htmx import piece
from crm.users.access import requires

bp = Blueprint("problems", __name__)
SHOWN = 8
RECENT = timedelta(days=7)


@bp.get("/home/workflow-problems")
@requires("crm.workflows.view")
def panel() -> Response:
    """Workflows that paused themselves, and those in which contacts failed within a week."""
    failed = (
        sa.select(Enrollment.workflow_id, sa.func.count().label("failed"))
        .where(Enrollment.status == "failed", Enrollment.completed_at > clock.now() - RECENT)
        .group_by(Enrollment.workflow_id)
        .subquery()
    )
    found = (
        sa.select(Workflow, sa.func.coalesce(failed.c.failed, 0))
        .outerjoin(failed, failed.c.workflow_id == Workflow.id)
        .where(Workflow.status.in_(("active", "paused")))
        .where(sa.or_(Workflow.paused_reason.is_not(None), failed.c.failed > 0))
        .order_by(sa.func.coalesce(failed.c.failed, 0).desc(), Workflow.id)
        .limit(SHOWN)
    )
    rows = db.session.execute(found).all()
    return piece("automation/_problems.html", "Workflow problems", url_for("home.index"), rows=rows)
