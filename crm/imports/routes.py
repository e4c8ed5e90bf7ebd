"""From file to contacts: upload, mapping, dry run, import, result."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user

from crm.database import commit, db, rollback
from crm.imports import operations, queries, runs
from crm.imports.forms import MappingForm, UploadForm, mapping_form
from crm.imports.models import ContactImport
from crm.lib import clock
from crm.lib.csv_files import CsvError, write
from crm.tags import operations as tags
from crm.tags.queries import tag_named
from crm.users.access import requires

bp = Blueprint("imports", __name__, url_prefix="/imports")
SHOWN = 50
RECENT = 50


@bp.get("")
@requires("crm.contacts.edit")
def index() -> str:
    """The imports so far."""
    found = db.session.scalars(queries.visible_imports(current_user).limit(RECENT)).all()
    return render_template("imports/index.html", imports=found)


@bp.get("/new")
@requires("crm.contacts.edit")
def new() -> str:
    """Choose a file."""
    return render_template("imports/new.html", form=UploadForm())


@bp.post("")
@requires("crm.contacts.edit")
def create() -> Any:
    """Take the file in. A file that is no table is refused with the reason."""
    form = UploadForm()
    if form.validate_on_submit():
        commit()  # nothing was written; others may write while the file is read
        try:
            found = operations.receive(form.file.data.stream, form.file.data.filename or "", current_user)
            commit()
            return redirect(url_for("imports.mapping", import_id=found.id))
        except CsvError as error:
            form.file.errors = [*form.file.errors, str(error)]
    return render_template("imports/new.html", form=form), 422


@bp.route("/<int:import_id>/mapping", methods=["GET", "POST"])
@requires("crm.contacts.edit")
def mapping(import_id: int) -> Any:
    """Say what the columns mean; the dry run follows."""
    found = _find(import_id)
    if found.is_working or found.status == "done" or not operations.path_of(found).exists():
        return redirect(url_for("imports.show", import_id=found.id))
    form = mapping_form(found, current_user)
    if request.method == "POST" and form.validate():
        if (problem := _check(found, form)) is None:
            return redirect(url_for("imports.show", import_id=found.id))
        form.form_errors.append(problem)
    before = None if found.is_described else queries.remembered(found)
    samples = queries.sample_values(queries.sample_of(operations.path_of(found), found.layout), len(found.columns))
    code = 422 if form.errors else 200
    return render_template("imports/mapping.html", found=found, form=form, samples=samples, before=before), code


@bp.post("/<int:import_id>/headings")
@requires("crm.contacts.edit")
def headings(import_id: int) -> Response:
    """Take the first row for headings, or for a person."""
    found = _find(import_id)
    try:
        if not found.is_working:
            operations.reread(found, has_header=request.form.get("has_header") == "1")
            commit()
    except CsvError as error:
        flash(str(error), "bad")
    return redirect(url_for("imports.mapping", import_id=found.id))  # type: ignore[return-value]


@bp.get("/<int:import_id>")
@requires("crm.contacts.edit")
def show(import_id: int) -> Any:
    """Where the import stands."""
    found = _find(import_id)
    if found.status == "uploaded":
        return redirect(url_for("imports.mapping", import_id=found.id))
    return render_template("imports/show.html", **_state(found))


@bp.get("/<int:import_id>/state")
@requires("crm.contacts.edit")
def state(import_id: int) -> str:
    """The part of the page that moves."""
    return render_template("imports/_state.html", **_state(_find(import_id)))


@bp.post("/<int:import_id>/run")
@requires("crm.contacts.edit")
def start(import_id: int) -> Response:
    """Import, in the worker."""
    found = _find(import_id)
    try:
        operations.start(found)
        commit()
    except operations.Refused as error:
        flash(str(error), "bad")
    return redirect(url_for("imports.show", import_id=import_id))  # type: ignore[return-value]


@bp.post("/<int:import_id>/stop")
@requires("crm.contacts.edit")
def stop(import_id: int) -> Response:
    """Stop it; what was imported stays."""
    operations.stop(_find(import_id))
    commit()
    return redirect(url_for("imports.show", import_id=import_id))  # type: ignore[return-value]


@bp.post("/<int:import_id>/undo")
@requires("crm.contacts.edit")
def undo(import_id: int) -> Response:
    """Take back what the import wrote, in the worker."""
    try:
        operations.undo(_find(import_id))
        commit()
    except operations.Refused as error:
        rollback()
        flash(str(error), "bad")
    return redirect(url_for("imports.show", import_id=import_id))  # type: ignore[return-value]


@bp.post("/<int:import_id>/discard")
@requires("crm.contacts.edit")
def discard(import_id: int) -> Response:
    """Forget the file and what is known of it."""
    found = _find(import_id)
    operations.stop(found)
    operations.discard(found)
    commit()
    flash(f"“{found.file_name}” was discarded. Contacts are as they were.", "good")
    return redirect(url_for("imports.index"))  # type: ignore[return-value]


@bp.get("/<int:import_id>/left-out.csv")
@requires("crm.contacts.edit")
def left_out(import_id: int) -> Response:
    """The rows that were refused or skipped, each with its reason, safe to open in a spreadsheet."""
    found = _find(import_id)
    text = "".join(write(queries.left_out(found), found.delimiter))
    headers = {"Content-Disposition": f'attachment; filename="left-out-{found.id}.csv"'}
    return Response(text, mimetype="text/csv", headers=headers)


def _find(import_id: int) -> ContactImport:
    chosen = queries.visible_imports(current_user).where(ContactImport.id == import_id)
    return db.session.scalar(chosen) or abort(404)


def _check(found: ContactImport, form: MappingForm) -> str | None:
    """Begin the dry run, and do a second of it at once; what is wrong, if it cannot begin."""
    try:
        tag_ids = [*(form.tags.data or []), *_new_tag(form)]
        operations.describe(
            found, form.mapping, tag_ids=tag_ids, existing=form.existing.data, dedupe=form.dedupe.data,
            day_first=form.day_first, country=form.country.data, consent_note=form.consent_note.data or "",
            asks_confirmation=form.asks_confirmation.data,
        )  # fmt: skip
        operations.check(found)
    except (operations.Refused, tags.Refused) as error:
        rollback()
        return str(error)
    commit()
    runs.run(found.id, seconds=1, is_gentle=False)
    return None


def _new_tag(form: MappingForm) -> list[int]:
    name = (form.new_tag.data or "").strip() if "new_tag" in form else ""
    if not name:
        return []
    return [(tag_named(name) or tags.create_tag(name, by=current_user.actor)).id]


def _state(found: ContactImport) -> dict[str, Any]:
    is_dry_run = found.status in {"checking", "checked"}
    outcomes = ("refused", "skipped", "created", "updated") if is_dry_run else ("refused", "skipped")
    rows = {each: queries.rows_of(found, each, SHOWN) for each in outcomes} if not found.is_working else {}
    more = {} if found.is_working else {
        "links": queries.unlinked(found, SHOWN), "links_count": queries.unlinked_count(found), "kept": queries.kept_contacts(found, SHOWN),
    }  # fmt: skip
    values = {
        "found": found,
        "rows": rows,
        "is_dry_run": is_dry_run,
        "reasons": queries.reasons,
        "shown": SHOWN,
        **more,
    }
    return {**values, "can_be_undone": found.can_be_undone(clock.now())}
