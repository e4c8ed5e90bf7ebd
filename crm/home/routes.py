"""Where one lands after signing in."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, redirect, render_template, url_for
from flask_login import current_user

from crm.users.access import signed_in

bp = Blueprint("home", __name__)


@bp.get("/")
@signed_in
def index() -> Any:
    """The day's work; or on to the first place of the navigation that this user may use, or to their own account."""
    panels = [each for each in current_app.extensions["home_panels"] if current_user.can(each.permission)]
    if panels:
        return render_template("home/index.html", panels=panels)
    places = [each for each in current_app.extensions["places"](current_user) if each.endpoint != "home.index"]
    return redirect(url_for(places[0].endpoint if places else "users.account"))
