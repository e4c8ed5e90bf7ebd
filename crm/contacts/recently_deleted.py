"""Recently deleted contacts, and bringing them back."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user

from crm.contacts.operations import Refused
from crm.contacts.recovering import deleted_contacts, restore_contact
from crm.contacts.routes import twin_link
from crm.database import commit, db, rollback
from crm.lib.keyset import Order, page, read_cursor
from crm.recovery.models import DeletedRecord
from crm.users.access import requires

bp = Blueprint("recently_deleted", __name__, url_prefix="/contacts/deleted")


@bp.get("")
@requires("crm.contacts.delete")
def index() -> str:
    """Who was deleted and can still be brought back, the latest first."""
    return _list()


@bp.post("/<int:record_id>/restoration")
@requires("crm.contacts.delete")
def restore(record_id: int) -> Any:
    """Bring the contact back with everything that hung on it."""
    kept = db.session.scalar(deleted_contacts(current_user).where(DeletedRecord.id == record_id)) or abort(404)
    try:
        contact = restore_contact(kept, current_user.actor)
    except Refused as refused:
        rollback()
        return _list(problem=str(refused), name=kept.name, twin_url=twin_link(refused)), 409
    commit()
    flash(f"{contact.name} was brought back.", "good")
    return redirect(url_for("contacts.show", contact_id=contact.id))


def _list(**values: Any) -> str:
    order = Order(DeletedRecord.id, DeletedRecord.id, is_descending=True)
    statement = sa.select(
        DeletedRecord.id, DeletedRecord.name, DeletedRecord.email, DeletedRecord.actor, DeletedRecord.deleted_at
    ).where(deleted_contacts(current_user).whereclause)
    cursor = read_cursor(request.args.get("at"), order)
    found = page(statement, order, cursor, lambda each: db.session.execute(each).all())
    return render_template("contacts/deleted.html", page=found, **values)
