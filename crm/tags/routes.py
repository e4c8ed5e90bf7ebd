"""The tag manager."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from crm.conditions.mentions import uses_of
from crm.database import commit, db, rollback
from crm.lib.form_checks import is_overtaken
from crm.tags.forms import TagForm
from crm.tags.models import Tag
from crm.tags.operations import Refused, create_tag, delete_tag, update_tag
from crm.tags.queries import all_tags, mentioned, tag_by_ref, tags_with_wearers, wearer_count
from crm.tags.rule_queries import rule_counts
from crm.users.access import requires

bp = Blueprint("tags", __name__, url_prefix="/tags")


@bp.get("")
@requires("crm.tags.manage")
def index() -> ResponseReturnValue:
    """Every tag with its wearers."""
    return render_template("tags/index.html", tags=tags_with_wearers(current_user), rules=rule_counts())


@bp.route("/new", methods=["GET", "POST"])
@requires("crm.tags.manage")
def new() -> ResponseReturnValue:
    """Make a tag."""
    form = TagForm()
    if form.validate_on_submit():
        try:
            tag = create_tag(form.name.data or "", form.color.data, form.description.data or "", current_user.actor)
        except Refused as refused:
            return _refused(form, refused, None)
        commit()
        flash(f"Tag “{tag.name}” was made.", "good")
        return redirect(url_for(".index"))
    return render_template("tags/form.html", form=form, tag=None), 422 if form.errors else 200


@bp.route("/<int:tag_id>", methods=["GET", "POST"])
@requires("crm.tags.manage")
def edit(tag_id: int) -> ResponseReturnValue:
    """Rename or recolour the tag."""
    tag = _tag(tag_id)
    form = TagForm(obj=tag)
    if form.validate_on_submit() and not is_overtaken(form, tag.updated_at.isoformat()):
        try:
            update_tag(tag, form.name.data or "", form.color.data, form.description.data or "")
        except Refused as refused:
            return _refused(form, refused, tag)
        commit()
        flash(f"Tag “{tag.name}” was changed.", "good")
        return redirect(url_for(".index"))
    form.seen.data = form.seen.data or tag.updated_at.isoformat()
    return render_template("tags/form.html", form=form, tag=tag), 422 if form.errors else 200


@bp.get("/<int:tag_id>/deletion")
@requires("crm.tags.manage")
def ask_deletion(tag_id: int) -> ResponseReturnValue:
    """Says who wears the tag and what uses it, and offers another tag for the wearers."""
    return _deletion(_tag(tag_id))


@bp.post("/<int:tag_id>/deletion")
@requires("crm.tags.manage")
def delete(tag_id: int) -> ResponseReturnValue:
    """Delete the tag; the chosen one takes its place, which one in use needs."""
    tag, ref = _tag(tag_id), request.form.get("replacement", "")
    replacement = tag_by_ref(ref)
    if ref and (replacement is None or replacement is tag):
        abort(404)
    if replacement is None and uses_of(mentioned(tag)):
        return _deletion(tag, "Choose the tag that takes its place, or take it out where it is used first."), 422
    delete_tag(tag, current_user.actor, replacement)
    commit()
    flash(f"Tag “{tag.name}” was deleted.", "good")
    return redirect(url_for(".index"))


def _deletion(tag: Tag, problem: str = "") -> str:
    others = [each for each in all_tags() if each.id != tag.id]
    values = {"uses": uses_of(mentioned(tag)), "others": others, "wearers": wearer_count(tag), "problem": problem}
    return render_template("tags/deletion.html", tag=tag, **values)


def _tag(tag_id: int) -> Tag:
    return db.session.get(Tag, tag_id) or abort(404)


def _refused(form: TagForm, refused: Refused, tag: Tag | None) -> ResponseReturnValue:
    rollback()
    for key, problem in refused.problems.items():
        form[key].errors = [problem]
    return render_template("tags/form.html", form=form, tag=tag), 422
