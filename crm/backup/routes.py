"""The page of backups: what there is, one now, taking one along, and the way back.

A backup holds everything, and a restore grants whatever it says: this is for those alone from whom nothing is kept anyway.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, send_file, session, url_for
from flask_login import current_user

from crm.audit.operations import record
from crm.backup import losses, nightly, operations, shelf
from crm.backup.archive import BackupError, read_manifest
from crm.backup.forms import PasswordAgain, RestoreForm, UploadForm
from crm.database import commit
from crm.lib import clock
from crm.lib.limits import failed, limiter
from crm.settings.queries import fact
from crm.users.access import requires
from crm.users.roles import ALL

bp = Blueprint("backups", __name__, url_prefix="/settings/backups")
EVERYTHING = tuple(sorted(ALL))
"""What a view here asks of its caller; besides, that they see all contacts."""


@bp.before_request
def _for_those_who_see_all() -> None:
    if current_user.is_authenticated and not current_user.holds_everything:
        abort(403)


def _who() -> str:
    return f"backup {current_user.id}"


@bp.get("")
@requires(*EVERYTHING)
def index() -> str:
    """What there is."""
    return _page(UploadForm())


@bp.post("")
@requires(*EVERYTHING)
def make() -> Any:
    """Make one now."""
    path = shelf.new_path("asked", clock.now())
    commit()
    try:
        operations.back_up(path, "asked")
    except BackupError as error:
        flash(str(error), "bad")
        return redirect(url_for(".index"), 303)
    record("backed_up", "backups", path.name)
    commit()
    flash("The backup was made and checked.", "good")
    return redirect(url_for(".index"), 303)


@bp.post("/upload")
@requires(*EVERYTHING)
def upload() -> Any:
    """Take in a backup from elsewhere; nothing is restored yet."""
    form = UploadForm()
    if not form.validate_on_submit():
        return _page(form), 422
    path = shelf.new_path("uploaded", clock.now())
    part = path.with_suffix(".part")
    commit()
    try:
        part.touch(mode=0o600)
        form.file.data.save(part)
        read_manifest(part)
        part.replace(path)
    except BackupError as error:
        form.file.errors = [str(error)]
        return _page(form), 422
    finally:
        part.unlink(missing_ok=True)
    record("added", "backups", path.name)
    commit()
    return redirect(url_for(".show", name=path.name), 303)


@bp.get("/<name>")
@requires(*EVERYTHING)
def show(name: str) -> str:
    """One backup: taking it along, restoring it, removing it."""
    return _one(_find(name))


@bp.post("/<name>/download")
@requires(*EVERYTHING)
@limiter.limit("10 per 15 minutes", key_func=_who, deduct_when=failed)
def download(name: str) -> Any:
    """The file, for whoever writes their password: it holds everything."""
    found, form = _find(name), PasswordAgain()
    if not form.validate_on_submit():
        return _one(found, take=form), 422
    record("downloaded", "backups", found.name)
    commit()
    return send_file(found.path, as_attachment=True, download_name=found.name, max_age=0)


@bp.post("/<name>/restoration")
@requires(*EVERYTHING)
@limiter.limit("10 per 15 minutes", key_func=_who, deduct_when=failed)
def restore(name: str) -> Any:
    """Put it in the place of everything. Everybody is signed out."""
    found, form = _find(name), RestoreForm()
    if not form.validate_on_submit():
        return _one(found, back=form), 422
    by = current_user.name
    commit()
    try:
        manifest = operations.restore(found.path, by)
    except BackupError as error:
        form.word.errors = [str(error)]
        return _one(found, back=form), 422
    finally:
        g.pop("_login_user", None)  # whoever asked is of the data of before, and is looked up again
    session.clear()
    return render_template("backup/restored.html", manifest=manifest)


@bp.post("/<name>/deletion")
@requires(*EVERYTHING)
def delete(name: str) -> Any:
    """Remove one."""
    found = _find(name)
    found.path.unlink(missing_ok=True)
    record("deleted", "backups", found.name)
    commit()
    flash("The backup was deleted.", "good")
    return redirect(url_for(".index"), 303)


def _page(form: UploadForm) -> str:
    return render_template("backup/index.html", backups=shelf.kept(), form=form, problem=fact(nightly.FAILED))


def _one(found: shelf.Kept, take: PasswordAgain | None = None, back: RestoreForm | None = None) -> str:
    lost = losses.since(found.made_at) if found.manifest else []
    counts = found.manifest.counts if found.manifest else {}
    contents = [(label, f"{counts[table]:,}") for table, label in operations.COUNTED.items() if table in counts]
    take = take or PasswordAgain(formdata=None, prefix="")
    return render_template(
        "backup/show.html",
        found=found,
        contents=contents,
        lost=lost,
        take=take,
        back=back or RestoreForm(formdata=None),
    )


def _find(name: str) -> shelf.Kept:
    return shelf.find(name) or abort(404)
