"""From the list to a file."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import sqlalchemy as sa
from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from flask_login import current_user
from werkzeug.datastructures import MultiDict

from crm.contacts import listing
from crm.database import commit, db
from crm.exports import operations, runs
from crm.exports.forms import ExportForm
from crm.exports.models import ContactExport
from crm.users.access import requires

bp = Blueprint("exports", __name__, url_prefix="/exports")
AT_ONCE = 5_000
"""So many contacts are written while one waits; more are left to the worker."""
RECENT = 50


@bp.get("")
@requires("crm.contacts.export")
def index() -> str:
    """The files made for me that are still there."""
    found = db.session.scalars(_mine().order_by(ContactExport.id.desc()).limit(RECENT)).all()
    return render_template("exports/index.html", exports=found)


@bp.get("/new")
@requires("crm.contacts.export")
def new() -> str:
    """Choose the kind of file for the list whose address is given."""
    form = ExportForm(formdata=None, data={"query": request.query_string.decode(errors="replace")})
    return _new_page(form, request.args)


@bp.post("")
@requires("crm.contacts.export")
def create() -> Any:
    """Have the file made."""
    form = ExportForm()
    query = MultiDict(parse_qsl((form.query.data or "")[:20_000]))
    if not form.validate():
        return _new_page(form, query), 422
    count = listing.contact_count(listing.read_wanted(query, current_user), current_user)
    found = operations.ask_for(form.format.data, query.to_dict(flat=False), current_user)
    commit()
    if count <= AT_ONCE:
        runs.run(found.id)
    return redirect(url_for(".show", export_id=found.id))


@bp.get("/<int:export_id>")
@requires("crm.contacts.export")
def show(export_id: int) -> str:
    """Where the file stands."""
    return render_template("exports/show.html", found=_find(export_id))


@bp.get("/<int:export_id>/state")
@requires("crm.contacts.export")
def state(export_id: int) -> str:
    """The part of the page that moves."""
    return render_template("exports/_state.html", found=_find(export_id))


@bp.get("/<int:export_id>/file")
@requires("crm.contacts.export")
def download(export_id: int) -> Any:
    """The file itself, to whom it was made for."""
    found = _find(export_id)
    path = operations.path_of(found)
    if found.status != "done" or not path.exists():
        abort(404)
    return send_file(path, as_attachment=True, download_name=found.file_name, max_age=0)


@bp.post("/<int:export_id>/deletion")
@requires("crm.contacts.export")
def delete(export_id: int) -> Any:
    """Remove the file before its time."""
    operations.discard(_find(export_id))
    commit()
    flash("The file was deleted.", "good")
    return redirect(url_for(".index"))


def _new_page(form: ExportForm, query: MultiDict[str, str]) -> str:
    wanted = listing.read_wanted(query, current_user)
    count = listing.contact_count(wanted, current_user)
    back = url_for("contacts.index", **wanted.query())
    return render_template("exports/new.html", form=form, count=count, most=listing.COUNTED, wanted=wanted, back=back)


def _mine() -> sa.Select[tuple[ContactExport]]:
    return sa.select(ContactExport).where(ContactExport.user_id == current_user.id)


def _find(export_id: int) -> ContactExport:
    return db.session.scalar(_mine().where(ContactExport.id == export_id)) or abort(404)
