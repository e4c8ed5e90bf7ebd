"""The list of audiences; making, changing, copying and deleting one."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from crm.audiences.forms import AudienceForm, DynamicForm
from crm.audiences.models import DYNAMIC, KINDS, STATIC, Audience
from crm.audiences.operations import (
    Refused,
    create_audience,
    delete_audience,
    duplicate_audience,
    update_audience,
)
from crm.audiences.queries import audience_page, member_counts, mentioned, sample
from crm.conditions.mentions import uses_of
from crm.conditions.posting import read_posted
from crm.conditions.reading import validate
from crm.database import commit, db, rollback
from crm.users.access import requires

bp = Blueprint("audiences", __name__, url_prefix="/audiences")
OVERTAKEN = "Somebody else changed this audience while you were writing. Save again to replace their changes."


@bp.get("")
@requires("crm.contacts.view")
def index() -> ResponseReturnValue:
    """Audiences by name, each with how many members the viewer may see."""
    text, kind = " ".join(request.args.get("q", "").split())[:100], request.args.get("kind", "")
    page = audience_page(text, kind, request.args.get("at"))
    counts = member_counts(page.rows, current_user)
    return render_template("audiences/index.html", page=page, counts=counts, text=text, kind=kind, kinds=KINDS)


@bp.route("/new", methods=["GET", "POST"])
@requires("crm.audiences.manage")
def new() -> ResponseReturnValue:
    """Make an audience of the kind the address names."""
    kind = STATIC if request.args.get("kind") == STATIC else DYNAMIC
    form = _form(kind)
    if form.validate_on_submit():
        try:
            audience = create_audience(by=current_user.actor, kind=kind, **_values(form))
        except Refused as refused:
            return _refused(form, refused, None, kind)
        commit()
        flash(f"Audience “{audience.name}” was made.", "good")
        return redirect(url_for(".show", audience_id=audience.id))
    return _page(form, None, kind, 422 if request.method == "POST" else 200)


@bp.route("/<int:audience_id>/edit", methods=["GET", "POST"])
@requires("crm.audiences.manage")
def edit(audience_id: int) -> ResponseReturnValue:
    """Rename the audience or change its condition, unless somebody else was quicker."""
    audience = audience_or_404(audience_id)
    form = _form(audience.kind, obj=audience)
    if not form.validate_on_submit():
        form.seen.data = form.seen.data or _version(audience)
        return _page(form, audience, audience.kind, 422 if request.method == "POST" else 200)
    if form.seen.data and form.seen.data != _version(audience):
        return _overtaken(form, audience)
    try:
        update_audience(audience, **_values(form))
    except Refused as refused:
        return _refused(form, refused, audience, audience.kind)
    commit()
    flash(f"Audience “{audience.name}” was changed.", "good")
    return redirect(url_for(".show", audience_id=audience.id))


@bp.post("/<int:audience_id>/duplicate")
@requires("crm.audiences.manage")
def duplicate(audience_id: int) -> ResponseReturnValue:
    """Make a copy of the audience."""
    copy = duplicate_audience(audience_or_404(audience_id), current_user.actor)
    commit()
    flash(f"“{copy.name}” was made.", "good")
    return redirect(url_for(".show", audience_id=copy.id))


@bp.get("/<int:audience_id>/deletion")
@requires("crm.audiences.manage")
def ask_deletion(audience_id: int) -> ResponseReturnValue:
    """Says who is in the audience and what uses it."""
    audience = audience_or_404(audience_id)
    members = member_counts([audience], current_user)[audience.id]
    uses = uses_of(mentioned(audience))
    return render_template("audiences/deletion.html", audience=audience, uses=uses, members=members)


@bp.post("/<int:audience_id>/deletion")
@requires("crm.audiences.manage")
def delete(audience_id: int) -> ResponseReturnValue:
    """Delete the audience; its members stay contacts."""
    audience = audience_or_404(audience_id)
    delete_audience(audience)
    commit()
    flash(f"Audience “{audience.name}” was deleted.", "good")
    return redirect(url_for(".index"))


@bp.post("/sample")
@requires("crm.audiences.manage", reads=True)
def preview() -> ResponseReturnValue:
    """Ten of the viewer's contacts whom the condition in the builder is true of, while it is edited."""
    condition = read_posted(request.form, "condition")
    is_ready = bool(condition["conditions"]) and not validate(condition)
    contacts = sample(condition, current_user) if is_ready else ()
    return render_template("audiences/_sample.html", contacts=contacts, is_ready=is_ready)


def audience_or_404(audience_id: int) -> Audience:
    return db.session.get(Audience, audience_id) or abort(404)


def _form(kind: str, **given: Any) -> AudienceForm:
    return DynamicForm(**given) if kind == DYNAMIC else AudienceForm(**given)


def _values(form: AudienceForm) -> dict[str, Any]:
    condition = form.condition.data if isinstance(form, DynamicForm) else None
    return {"name": form.name.data or "", "description": form.description.data or "", "condition": condition}


def _version(audience: Audience) -> str:
    return audience.updated_at.isoformat()


def _page(form: AudienceForm, audience: Audience | None, kind: str, status: int) -> ResponseReturnValue:
    return render_template("audiences/form.html", form=form, audience=audience, kind=kind), status


def _refused(form: AudienceForm, refused: Refused, audience: Audience | None, kind: str) -> ResponseReturnValue:
    rollback()
    for key, problem in refused.problems.items():
        form[key].errors = [problem]
    return _page(form, audience, kind, 422)


def _overtaken(form: AudienceForm, audience: Audience) -> ResponseReturnValue:
    rollback()
    form.name.errors = [OVERTAKEN]
    form.seen.data = _version(audience)
    return _page(form, audience, audience.kind, 409)
