"""What came back from a template's emails."""

from __future__ import annotations

from flask import Blueprint, abort, render_template
from flask_login import current_user

from crm.database import db
from crm.email import analytics
from crm.email.models import EmailTemplate
from crm.email.report import report_of
from crm.lib import clock
from crm.users.access import requires

bp = Blueprint("email_results", __name__)


@bp.get("/templates/<int:template_id>/results")
@requires("crm.broadcasts.view")
def of_template(template_id: int) -> str:
    """Opens, clicks and the rest of every email made from the template, tests aside."""
    template = db.session.get(EmailTemplate, template_id) or abort(404)
    report = report_of(analytics.of_template(template.id), current_user, clock.now())
    return render_template("email/results.html", template=template, report=report)
