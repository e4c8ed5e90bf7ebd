"""Ownership on screen: rules, absences, handing over."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user

from crm.bulk import runs
from crm.bulk.operations import AT_ONCE
from crm.conditions.sentences import sentence
from crm.contacts.fieldset import countries
from crm.database import commit, db
from crm.ownership import operations, queries
from crm.ownership.forms import AbsenceForm, HandoverForm, RuleForm, with_choices
from crm.ownership.models import OwnershipRule
from crm.users.access import requires
from crm.users.models import Team, User

bp = Blueprint("ownership", __name__, url_prefix="/ownership")


@bp.get("")
@requires("crm.settings.manage")
def index() -> str:
    """The rules in their order, and who is away."""
    return _index(with_choices(AbsenceForm()))


@bp.route("/rules/new", methods=["GET", "POST"])
@requires("crm.settings.manage")
def new() -> Any:
    """Make a rule."""
    return _edit(OwnershipRule())


@bp.route("/rules/<int:rule_id>", methods=["GET", "POST"])
@requires("crm.settings.manage")
def edit(rule_id: int) -> Any:
    """Change a rule."""
    return _edit(_rule(rule_id))


@bp.post("/rules/<int:rule_id>/rise")
@requires("crm.settings.manage")
def rise(rule_id: int) -> Any:
    """Let the rule count earlier."""
    operations.move_up(_rule(rule_id))
    commit()
    return redirect(url_for(".index"))


@bp.post("/rules/<int:rule_id>/deletion")
@requires("crm.settings.manage")
def delete(rule_id: int) -> Any:
    """Remove the rule. Owners stay as they are."""
    rule = _rule(rule_id)
    db.session.delete(rule)
    commit()
    flash(f"“{rule.name}” was deleted.", "good")
    return redirect(url_for(".index"))


@bp.post("/absences")
@requires("crm.settings.manage")
def leave() -> Any:
    """Somebody will be away."""
    form = with_choices(AbsenceForm())
    if not form.validate_on_submit():
        return _index(form), 422
    operations.be_away(form.person.data, form.last_on.data)
    commit()
    flash("They get no new contacts while they are away.", "good")
    return redirect(url_for(".index"))


@bp.post("/absences/<int:user_id>/end")
@requires("crm.settings.manage")
def come_back(user_id: int) -> Any:
    """Somebody is back."""
    operations.be_away(user_id, None)
    commit()
    return redirect(url_for(".index"))


@bp.route("/handover", methods=["GET", "POST"])
@requires("crm.settings.manage")
def handover() -> Any:
    """Give all contacts of one person to others."""
    form = with_choices(HandoverForm())
    if form.validate_on_submit() and _is_sound(form):
        giver = db.session.get_one(User, form.giver.data)
        takers = [db.session.get_one(User, each) for each in form.takers.data]
        is_short = queries.owned_count(giver.id) <= AT_ONCE
        action = operations.hand_over(giver, takers, current_user, form.with_tasks.data)
        commit()
        if is_short:
            runs.run(action.id, is_gentle=False)
        return redirect(url_for("bulk.show", action_id=action.id), 303)
    return render_template("ownership/handover.html", form=form), 422 if form.errors else 200


def _is_sound(form: HandoverForm) -> bool:
    if form.giver.data in (form.takers.data or ()):
        form.takers.errors = ["Choose somebody other than the one who gives."]
        return False
    return True


def _edit(rule: OwnershipRule) -> Any:
    given = {"people": [each.id for each in rule.people], "condition": rule.condition}
    form = with_choices(RuleForm(obj=rule, data=given))
    if form.validate_on_submit():
        places = tuple((form[each].data or "").strip() or None for each in ("country", "city", "source"))
        people = [db.session.get_one(User, each) for each in form.people.data]
        team = db.session.get(Team, form.team_id.data) if form.team_id.data else None
        operations.save_rule(rule, form.name.data.strip(), places, people, team, form.condition.data)
        commit()
        flash(f"“{rule.name}” was saved.", "good")
        return redirect(url_for(".index"))
    return render_template("ownership/form.html", form=form, rule=rule), 422 if request.method == "POST" else 200


def _index(form: AbsenceForm) -> str:
    return render_template(
        "ownership/index.html",
        rules=queries.rules(),
        absences=queries.absences(),
        form=form,
        countries=dict(countries()),
        sentence=sentence,
    )


def _rule(rule_id: int) -> OwnershipRule:
    return db.session.get(OwnershipRule, rule_id) or abort(404)
