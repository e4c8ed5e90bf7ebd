"""The search box: a page of its own, and the results that the palette shows while somebody types."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask_login import current_user

from crm.search.queries import look_for
from crm.users.access import signed_in

bp = Blueprint("search", __name__, url_prefix="/search")


@bp.get("")
@signed_in
def index() -> str:
    """What was searched for, as a page."""
    return render_template("search/index.html", text=_text(), groups=look_for(current_user, _text(), 20))


@bp.get("/results")
@signed_in
def results() -> str:
    """What the palette lists for the text so far."""
    return render_template("search/_options.html", text=_text(), groups=look_for(current_user, _text()))


def _text() -> str:
    return " ".join(request.args.get("q", "").replace("\0", " ").split())[:200]
