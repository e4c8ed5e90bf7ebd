"""The teams page: who looks after contacts together."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for

from crm.database import commit, db, rollback
from crm.users import queries
from crm.users.access import requires
from crm.users.forms import TeamForm
from crm.users.models import Team
from crm.users.operations import delete_team, save_team

bp = Blueprint("teams", __name__, url_prefix="/teams")


@bp.get("")
@requires("crm.settings.manage")
def index() -> str:
    """Every team with its members."""
    return render_template("teams/index.html", teams=queries.teams_by_name())


@bp.route("/new", methods=["GET", "POST"])
@requires("crm.settings.manage")
def new() -> Any:
    """Make a team."""
    return _edit(Team())


@bp.route("/<int:team_id>", methods=["GET", "POST"])
@requires("crm.settings.manage")
def edit(team_id: int) -> Any:
    """Rename the team, choose its members."""
    return _edit(_team(team_id))


@bp.post("/<int:team_id>/deletion")
@requires("crm.settings.manage")
def delete(team_id: int) -> Any:
    """Remove the team. Its contacts stay, without a team."""
    team = _team(team_id)
    delete_team(team)
    commit()
    flash(f"Team “{team.name}” was deleted.", "good")
    return redirect(url_for(".index"), 303)


def _edit(team: Team) -> Any:
    form = TeamForm(data={"name": team.name, "members": [each.id for each in team.members]})
    form.members.choices = [(each.id, each.name) for each in queries.users_by_name()]
    if form.validate_on_submit():
        try:
            save_team(team, form.name.data or "", form.members.data or [])
        except ValueError as error:
            rollback()
            form.name.errors = [str(error)]
        else:
            commit()
            flash(f"Team “{team.name}” was saved.", "good")
            return redirect(url_for(".index"), 303)
    return render_template("teams/form.html", form=form, team=team), 422 if form.errors else 200


def _team(team_id: int) -> Team:
    return db.session.get(Team, team_id) or abort(404)
