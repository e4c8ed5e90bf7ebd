"""The demo school from the first start's page."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, url_for

from crm.demo.school import AlreadyThere, load_school
from crm.users.access import requires

bp = Blueprint("demo", __name__)


@bp.post("/demo")
@requires("crm.settings.manage")
def load() -> Any:
    """Fill the empty school with the demo's thousand contacts."""
    try:
        load_school()
    except AlreadyThere as problem:
        flash(str(problem), "error")
    else:
        flash("The demo school is open: a thousand contacts and two years of history.", "success")
    return redirect(url_for("contacts.index"))
