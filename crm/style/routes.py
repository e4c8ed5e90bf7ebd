"""The page of every part."""

from __future__ import annotations

from flask import Blueprint, render_template

from crm.style.forms import SampleForm
from crm.users.access import requires

bp = Blueprint("style", __name__)


@bp.get("/style")
@requires("crm.settings.manage")
def index() -> str:
    """The style sheet; its form shows its errors."""
    values = {"country": "Sweden", "tags": ["Alumni", "VIP"], "seats": 400, "channel": "Email"}
    form = SampleForm(formdata=None, data=values, meta={"csrf": False})
    form.validate()
    return render_template("style.html", form=form)
