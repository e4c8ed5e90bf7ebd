"""Deciding what happens to what a hold keeps back."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user

from crm.database import commit
from crm.health import hold, waiting
from crm.lib import clock
from crm.users.access import requires

bp = Blueprint("hold", __name__, url_prefix="/settings/hold")


@bp.get("")
@requires("crm.settings.manage")
def index() -> str:
    """What stands, and the three ways on."""
    return _page()


@bp.post("")
@requires("crm.settings.manage")
def begin() -> Any:
    """Stop all sending from now on."""
    hold.begin("asked", clock.now(), current_user.name)
    commit()
    flash("Nothing is sent from now on.", "good")
    return redirect(url_for(".index"), 303)


@bp.post("/going-on")
@requires("crm.settings.manage")
def go_on() -> Any:
    """Let everything that is due happen."""
    if found := hold.current():
        hold.go_on(found, current_user.actor)
        commit()
        flash("The hold has ended: everything that is due happens now.", "good")
    return redirect(url_for(".index"), 303)


@bp.post("/skipping")
@requires("crm.settings.manage")
def skip() -> Any:
    """Give up what was due before a moment, then go on."""
    text, found = request.form.get("before", ""), hold.current()
    try:
        before = clock.moment(text, current_user.timezone, clock.now())
    except (ValueError, OverflowError):
        return _page("Choose a day and a time.", text), 422
    if found:
        counts = hold.skip(found, before, current_user.actor, commit)
        commit()
        kinds = {each.key: each for each in waiting.kinds()}
        words = " and ".join(kinds[key].words(count) for key, count in counts.items()) or "Nothing"
        flash(f"{words} given up. The hold has ended.", "good")
    return redirect(url_for(".index"), 303)


def _page(error: str = "", before: str | None = None) -> str:
    now = clock.now()
    if before is None:
        before = f"{clock.local(now, current_user.timezone):%Y-%m-%dT%H:%M}"
    queues = waiting.queues(now, held_only=True)
    return render_template("health/hold.html", hold=hold.current(), queues=queues, error=error, before=before)
