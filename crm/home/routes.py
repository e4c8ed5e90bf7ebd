"""Where one lands after signing in."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, redirect, url_for
from flask_login import current_user

from crm.users.access import signed_in

bp = Blueprint("home", __name__)


@bp.get("/")
@signed_in
def index() -> Any:
    """On to the first place of the navigation that this user may use; without any, to their own account."""
    places = current_app.extensions["places"](current_user)
    return redirect(url_for(places[0].endpoint if places else "users.account"))
