"""The page of custom fields."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from crm.conditions.mentions import uses_of
from crm.custom_fields import operations
from crm.custom_fields.forms import CustomFieldForm
from crm.custom_fields.models import CustomField
from crm.custom_fields.queries import every_field, holder_count, mentioned
from crm.database import commit, db, rollback
from crm.users.access import requires

bp = Blueprint("custom_fields", __name__, url_prefix="/fields")


@bp.get("")
@requires("crm.settings.manage")
def index() -> ResponseReturnValue:
    """Every field in the school's order, archived ones below."""
    fields = every_field()
    return render_template(
        "custom_fields/index.html",
        fields=[each for each in fields if not each.archived_at],
        archived=[each for each in fields if each.archived_at],
    )


@bp.route("/new", methods=["GET", "POST"])
@requires("crm.settings.manage")
def new() -> ResponseReturnValue:
    """Make a field."""
    form = CustomFieldForm()
    if form.validate_on_submit():
        try:
            field = operations.create_field(kind=form.kind.data, key=form.key.data or "", **_written(form))
        except operations.Refused as refused:
            return _refused(form, refused, None)
        commit()
        flash(f"Field “{field.label}” was made.", "good")
        return redirect(url_for(".index"), 303)
    return _form(form, None)


@bp.route("/<int:field_id>", methods=["GET", "POST"])
@requires("crm.settings.manage")
def edit(field_id: int) -> ResponseReturnValue:
    """Change what the field is called and offers."""
    field = _field(field_id)
    form = CustomFieldForm(obj=field, data={"kind": field.kind_key, "choices": None})
    if request.method == "GET":
        form.choices.data = "\n".join(field.choices)
    del form.kind, form.key
    if form.validate_on_submit():
        try:
            operations.update_field(field, **_written(form))
        except operations.Refused as refused:
            return _refused(form, refused, field)
        commit()
        flash(f"Field “{field.label}” was saved.", "good")
        return redirect(url_for(".index"), 303)
    return _form(form, field)


@bp.post("/<int:field_id>/place")
@requires("crm.settings.manage")
def move(field_id: int) -> ResponseReturnValue:
    """Put the field one place up or down."""
    operations.move_field(_field(field_id), -1 if request.form.get("to") == "up" else 1)
    commit()
    return redirect(url_for(".index"), 303)


@bp.post("/<int:field_id>/archival")
@requires("crm.settings.manage")
def archive(field_id: int) -> ResponseReturnValue:
    """Show the field nowhere, or (`is_archived` = no) again."""
    field, is_archived = _field(field_id), request.form.get("is_archived", "yes") == "yes"
    (operations.archive_field if is_archived else operations.restore_field)(field)
    commit()
    flash(f"Field “{field.label}” is {'archived' if is_archived else 'in use again'}.", "good")
    return redirect(url_for(".index"), 303)


@bp.get("/<int:field_id>/deletion")
@requires("crm.settings.manage")
def ask_deletion(field_id: int) -> ResponseReturnValue:
    """Says what contacts would lose and what uses the field."""
    field = _field(field_id)
    uses = uses_of(mentioned(field))
    return render_template("custom_fields/deletion.html", field=field, uses=uses, holders=holder_count(field))


@bp.post("/<int:field_id>/deletion")
@requires("crm.settings.manage")
def delete(field_id: int) -> ResponseReturnValue:
    """Delete the field and what contacts have in it."""
    field = _field(field_id)
    operations.delete_field(field)
    commit()
    flash(f"Field “{field.label}” was deleted.", "good")
    return redirect(url_for(".index"), 303)


def _written(form: CustomFieldForm) -> dict[str, Any]:
    return {
        "label": form.label.data or "",
        "help": form.help.data or "",
        "choices": (form.choices.data or "").splitlines(),
        "is_required": form.is_required.data,
    }


def _form(form: CustomFieldForm, field: CustomField | None, status: int = 200) -> ResponseReturnValue:
    return render_template("custom_fields/form.html", form=form, field=field), 422 if form.errors else status


def _refused(form: CustomFieldForm, refused: operations.Refused, field: CustomField | None) -> ResponseReturnValue:
    rollback()
    for key, problem in refused.problems.items():
        form[key].errors = [problem]
    return _form(form, field, 422)


def _field(field_id: int) -> CustomField:
    return db.session.get(CustomField, field_id) or abort(404)
