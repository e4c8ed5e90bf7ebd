"""Reading the audit log."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from flask import Blueprint, abort, current_app, render_template, request, send_file, url_for
from flask_login import current_user

from crm.audit.models import ACTIONS
from crm.audit.operations import record
from crm.audit_log import queries
from crm.database import commit
from crm.exports.files import WRITERS
from crm.lib import clock
from crm.users.access import requires

bp = Blueprint("audit_log", __name__, url_prefix="/settings/audit")


@bp.get("")
@requires("crm.settings.manage")
def index() -> str:
    """The entries wanted, newest first."""
    wanted = queries.read(request.args)
    page = queries.page(wanted, current_user, request.args.get("cursor"))
    beside = {
        name: url_for(".index", **wanted.query(), cursor=cursor) if cursor else None
        for name, cursor in (("older", page.next), ("newer", page.previous))
    }
    return render_template(
        "audit_log/index.html", entries=page.rows, wanted=wanted, beside=beside, kinds=queries.KINDS, actions=ACTIONS,
        people=queries.people(), pages=_subject_pages(),
    )  # fmt: skip


@bp.post("/export")
@requires("crm.settings.manage")
def export() -> Any:
    """The entries wanted as a file; that it was taken is an entry, too."""
    file_format = request.form.get("format", "csv")
    if file_format not in WRITERS:
        abort(400)
    wanted = queries.read(request.form)
    record("downloaded", "audit_entries", file_format)
    commit()
    file = tempfile.NamedTemporaryFile(dir=current_app.config["INSTANCE_PATH"], suffix=f".{file_format}")  # noqa: SIM115
    WRITERS[file_format](Path(file.name), queries.HEADING, queries.chunks(wanted, current_user), lambda _done: None)
    name = f"audit-log-{clock.local(clock.now(), current_user.timezone):%Y-%m-%d}.{file_format}"
    reply = send_file(Path(file.name), as_attachment=True, download_name=name, max_age=0)
    reply.call_on_close(file.close)
    return reply


def _subject_pages() -> dict[str, tuple[str, str]]:
    return {
        **current_app.extensions["subject_pages"],
        "contacts": ("contacts.show", "contact_id"),
        "users": ("people.show", "user_id"),
    }
