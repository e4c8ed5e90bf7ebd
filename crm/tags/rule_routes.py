"""Rules that tag by themselves, on screen: the list by tag, the form, switching, and going through the past."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from crm.activity.vocabulary import BY_KIND, Activity
from crm.database import commit, db, rollback
from crm.tags import rules
from crm.tags.models import Tag, TagRule
from crm.tags.operations import Refused
from crm.tags.queries import all_tags, tag_by_ref
from crm.tags.rule_forms import PLACES, RuleForm, rule_form
from crm.tags.rule_queries import rules_by_tag
from crm.tags.rule_words import keys_of, takes_any_key, words_of
from crm.users.access import requires

bp = Blueprint("tag_rules", __name__, url_prefix="/tags/rules")


@bp.get("")
@requires("crm.tags.manage")
def index() -> ResponseReturnValue:
    """Every rule, tag by tag."""
    return render_template("tags/rules.html", rules=rules_by_tag(), words=words_of, has_tags=bool(all_tags()))


@bp.route("/new", methods=["GET", "POST"])
@requires("crm.tags.manage")
def new() -> ResponseReturnValue:
    """Make a rule: first what has to happen, then the rest."""
    tag = tag_by_ref(request.args.get("tag"))
    kind = BY_KIND.get(request.args.get("type", ""))
    if kind is None:
        return render_template("tags/rule_type.html", kinds=kinds(), tag=tag)
    return _edit(TagRule(), kind, tag)


@bp.route("/<int:rule_id>", methods=["GET", "POST"])
@requires("crm.tags.manage")
def edit(rule_id: int) -> ResponseReturnValue:
    """Change the rule; from then on it tags by the new words."""
    rule = _rule(rule_id)
    kind = BY_KIND.get(request.args.get("type", rule.activity_type)) or abort(404)
    return _edit(rule, kind, rule.tag)


@bp.get("/<int:rule_id>/state")
@requires("crm.tags.manage")
def state(rule_id: int) -> ResponseReturnValue:
    """The rule in the list, with how far it has come with the past."""
    return render_template("tags/_rule.html", rule=_rule(rule_id), words=words_of)


@bp.post("/<int:rule_id>/switch")
@requires("crm.tags.manage")
def switch(rule_id: int) -> ResponseReturnValue:
    """Let the rule tag, or rest."""
    rule = _rule(rule_id)
    rules.switch_rule(rule, request.form.get("on") == "1")
    return _changed(rule)


@bp.post("/<int:rule_id>/past")
@requires("crm.tags.manage")
def go_back(rule_id: int) -> ResponseReturnValue:
    """Give the tag for what happened before as well, in the worker."""
    rule = _rule(rule_id)
    rules.begin_past(rule)
    return _changed(rule)


@bp.post("/<int:rule_id>/past/stop")
@requires("crm.tags.manage")
def stop_past(rule_id: int) -> ResponseReturnValue:
    """No longer go through the past."""
    rule = _rule(rule_id)
    rules.stop_past(rule)
    return _changed(rule)


@bp.post("/<int:rule_id>/deletion")
@requires("crm.tags.manage")
def delete(rule_id: int) -> ResponseReturnValue:
    """Remove the rule."""
    rules.delete_rule(_rule(rule_id))
    commit()
    flash("The rule was deleted. Who wears the tag keeps it.", "good")
    return redirect(url_for(".index"), 303)


def kinds() -> list[type[Activity]]:
    """Everything that can happen, by its label."""
    return sorted(BY_KIND.values(), key=lambda each: each.label)


def _edit(rule: TagRule, kind: type[Activity], tag: Tag | None) -> ResponseReturnValue:
    form = rule_form(kind, rule if rule.id else None, tag.id if tag else None)
    if form.validate_on_submit():
        try:
            chosen = db.session.get_one(Tag, form.tag.data)
            rules.save_rule(rule, chosen, kind.kind, form.filters, form.condition.data, current_user.actor)
        except Refused as refused:
            rollback()
            _tell(form, refused)
            return _form(form, rule, kind, 422)
        commit()
        flash(f"The rule for “{chosen.name}” was saved. It tags from now on.", "good")
        return redirect(url_for(".index"), 303)
    return _form(form, rule, kind, 422 if request.method == "POST" else 200)


def _form(form: RuleForm, rule: TagRule, kind: type[Activity], status: int) -> ResponseReturnValue:
    values: dict[str, Any] = {"form": form, "rule": rule, "kind": kind, "keys": keys_of(kind)}
    here = url_for(".edit", rule_id=rule.id, type=kind.kind) if rule.id else url_for(".new", type=kind.kind)
    places = PLACES if "key_0" in form else ()
    free = takes_any_key(kind)
    return render_template("tags/rule.html", **values, here=here, places=places, is_free=free), status


def _tell(form: RuleForm, refused: Refused) -> None:
    for key, problem in refused.problems.items():
        if key in form:
            form[key].errors = [problem]
        else:
            form.form_errors.append(problem)


def _changed(rule: TagRule) -> ResponseReturnValue:
    commit()
    return redirect(url_for(".index", _anchor=f"tag-rule-{rule.id}"), 303)


def _rule(rule_id: int) -> TagRule:
    return db.session.scalar(sa.select(TagRule).where(TagRule.id == rule_id)) or abort(404)
