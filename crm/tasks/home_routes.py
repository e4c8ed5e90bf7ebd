"""Tasks on the page one lands on: one's own day, and how the team stands."""

from __future__ import annotations

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from crm.lib import clock
from crm.lib.htmx import piece
from crm.tasks import overview, queries
from crm.tasks.drawing import surroundings
from crm.users.access import requires

bp = Blueprint("task_home", __name__)


@bp.get("/home/tasks")
@requires("crm.contacts.view")
def mine() -> ResponseReturnValue:
    """My tasks that are late or for today."""
    around = surroundings()
    due = overview.due_by(current_user, queries.here_of(current_user).date())
    groups = queries.in_groups(due, around["here"])
    return piece("tasks/_today.html", "Today", url_for("home.index"), groups=groups, **around)


@bp.get("/home/team")
@requires("crm.contacts.view")
def team() -> ResponseReturnValue:
    """Who has how many tasks, and how quickly they are done."""
    now = clock.now()
    loads, response = overview.workload(current_user, now), overview.response_time(current_user, now)
    return piece("tasks/_team.html", "Team", url_for("home.index"), loads=loads, response=response, **surroundings())
