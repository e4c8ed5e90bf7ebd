"""The suppression list: who is on it and why, adding, taking in a file, letting go."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, stream_with_context, url_for
from flask_login import current_user

from crm.database import commit, db, rollback
from crm.delivery import suppressing, suppression_list
from crm.delivery.forms import ReleaseForm, SuppressFileForm, SuppressForm
from crm.delivery.models import SUPPRESSED_FOR, Suppression
from crm.lib.csv_files import CsvError, write
from crm.users.access import requires

bp = Blueprint("suppressions", __name__, url_prefix="/suppressions")


@bp.get("")
@requires("crm.broadcasts.view")
def index() -> str:
    """The list."""
    text, kind = _wanted()
    return render_template(
        "suppressions/index.html",
        page=suppression_list.listed(current_user, text, kind, request.args.get("at")),
        text=text,
        kind=kind,
        kinds={key: label for key, label in SUPPRESSED_FOR.items() if key != "erased"},
        sources=suppression_list.SOURCES,
        counts=suppression_list.counts(current_user),
        few=suppression_list.FEW,
        erased=suppression_list.erased_count(),
        may_change=current_user.can("crm.broadcasts.send"),
    )


@bp.route("/new", methods=["GET", "POST"])
@requires("crm.broadcasts.send")
def new() -> Any:
    """Add an address."""
    form = SuppressForm(address=request.args.get("address", ""))
    if form.validate_on_submit():
        is_new = suppressing.add_by_hand(form.address.data or "", form.reason.data or "", current_user.actor)
        commit()
        address = form.address.data
        flash(f"Nothing is sent to {address} any more." if is_new else f"{address} was on the list already.", "good")
        return redirect(url_for(".index"), 303)
    return render_template("suppressions/new.html", form=form), 422 if form.errors else 200


@bp.route("/import", methods=["GET", "POST"])
@requires("crm.broadcasts.send")
def take_file() -> Any:
    """Add the addresses of a file."""
    form = SuppressFileForm()
    if form.validate_on_submit():
        by = current_user.actor
        commit()  # others may write while the file is read
        try:
            taken = _taken(form, by)
        except CsvError as error:
            form.file.errors = [*form.file.errors, str(error)]
        else:
            words = f"{taken.new:,} added, {taken.known:,} were on the list already"
            flash(words + (f", {taken.unreadable:,} lines held no address." if taken.unreadable else "."), "good")
            return redirect(url_for(".index"), 303)
    return render_template("suppressions/import.html", form=form), 422 if form.errors else 200


@bp.get("/suppressions.csv")
@requires("crm.contacts.export")
def export() -> Response:
    """The list as a file, narrowed as it is shown."""
    lines = write(suppression_list.rows(current_user, *_wanted()))
    headers = {"Content-Disposition": 'attachment; filename="suppressions.csv"'}
    return Response(stream_with_context(lines), mimetype="text/csv", headers=headers)


@bp.get("/<int:suppression_id>/release")
@requires("crm.broadcasts.send")
def ask_release(suppression_id: int) -> str:
    """What it means to write to this address again."""
    return render_template(
        "suppressions/release.html", found=_found(suppression_id), form=ReleaseForm(), kinds=SUPPRESSED_FOR
    )


@bp.post("/<int:suppression_id>/release")
@requires("crm.broadcasts.send")
def release(suppression_id: int) -> Any:
    """Write to it again; the reason is kept."""
    found, form = _found(suppression_id), ReleaseForm()
    address = found.address
    if form.validate():
        try:
            suppressing.release(found, form.why.data or "", current_user.actor, is_sure=form.is_sure.data)
            commit()
            flash(f"{address} is written to again.", "good")
            return redirect(url_for(".index"), 303)
        except suppressing.Refused as refused:
            rollback()
            form.is_sure.errors = [str(refused)]
    return render_template(
        "suppressions/release.html", found=_found(suppression_id), form=form, kinds=SUPPRESSED_FOR
    ), 422


def _wanted() -> tuple[str, str]:
    kind = request.args.get("kind", "")
    return request.args.get("q", "")[:255], kind if kind in SUPPRESSED_FOR and kind != "erased" else ""


def _found(suppression_id: int) -> Suppression:
    mine = suppression_list.visible_suppressions(current_user).where(Suppression.id == suppression_id)
    return db.session.scalar(mine) or abort(404)


def _taken(form: SuppressFileForm, by: Any) -> suppressing.Taken:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.csv"
        form.file.data.save(path)
        name = " ".join(Path(form.file.data.filename or "a file").name.split())[:80]
        return suppressing.take_file(path, name, by)
