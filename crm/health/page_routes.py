"""The health page: what is wrong and what to do, and activities that could not be handed out."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, url_for
from sqlalchemy.orm import load_only

from crm.activity.dispatcher import parked
from crm.activity.models import ContactActivity
from crm.database import commit, db
from crm.health import checks, operations, queries
from crm.lib import clock
from crm.queue import nudge
from crm.users.access import requires

bp = Blueprint("health_page", __name__, url_prefix="/settings/health")
SHOWN = 50
_COLUMNS = (
    ContactActivity.title,
    ContactActivity.contact_id,
    ContactActivity.created_at,
    ContactActivity.dispatch_error,
)


@bp.get("")
@requires("crm.settings.manage")
def index() -> str:
    """Every check, what is wrong first."""
    findings = sorted(checks.run(), key=lambda each: each.is_well)
    g.looks_wrong = any(not each.is_well for each in findings)
    if g.looks_wrong != queries.has_trouble(clock.now()):
        nudge("look_after_health")  # this page's own mark is right already; those of the others follow
    stuck = parked().options(load_only(*_COLUMNS)).order_by(ContactActivity.id).limit(SHOWN)
    return render_template(
        "health/index.html",
        findings=findings,
        since=queries.troubles_since(),
        now=clock.now(),
        parked=db.session.scalars(stuck).all(),
    )


@bp.post("/activities/<int:activity_id>/retry")
@requires("crm.settings.manage")
def retry(activity_id: int) -> Any:
    """Hand it out again."""
    operations.retry_activity(activity_id)
    commit()
    flash("It is tried again.", "good")
    return redirect(url_for(".index"), 303)


@bp.post("/activities/<int:activity_id>/dismissal")
@requires("crm.settings.manage")
def let_go(activity_id: int) -> Any:
    """Give it up."""
    operations.let_activity_go(activity_id)
    commit()
    flash("It stays in the timeline, and nothing follows from it.", "good")
    return redirect(url_for(".index"), 303)
