"""The page where the school says who it is."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for

from crm.database import commit
from crm.settings import operations, queries
from crm.settings.forms import SchoolForm
from crm.users.access import requires

bp = Blueprint("settings", __name__)


@bp.get("/settings")
@requires("crm.settings.manage")
def index() -> str:
    """The school's name and clock."""
    form = SchoolForm(data={"school_name": queries.school_name(), "timezone": queries.school_timezone()})
    return render_template("settings/index.html", form=form)


@bp.post("/settings")
@requires("crm.settings.manage")
def save() -> Any:
    """Save them."""
    form = SchoolForm()
    if not form.validate_on_submit():
        return render_template("settings/index.html", form=form), 422
    operations.save(SCHOOL_NAME=form.school_name.data, TIMEZONE=form.timezone.data)
    commit()
    flash("The school's settings were saved.", "good")
    return redirect(url_for("settings.index"), 303)
