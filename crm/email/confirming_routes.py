"""The button that asks a contact to confirm the address."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, url_for
from flask_login import current_user

from crm.contacts.queries import visible_contact
from crm.database import commit, rollback
from crm.email.confirming import NotAsked, ask_to_confirm
from crm.users.access import requires

bp = Blueprint("confirming", __name__)


@bp.post("/contacts/<int:contact_id>/preferences/confirmation")
@requires("crm.contacts.edit")
def ask(contact_id: int) -> Any:
    """Send the email that asks, or send it again."""
    contact = visible_contact(current_user, contact_id, to_change=True)
    try:
        sent = ask_to_confirm(contact, current_user.name)
    except NotAsked as refused:
        rollback()
        flash(str(refused), "bad")
    else:
        commit()
        flash(
            "The email that asks for confirmation is on its way." if sent else "It is on its way already.",
            "good" if sent else "info",
        )
    return redirect(f"{url_for('contacts.show', contact_id=contact.id)}#panel-preferences", 303)
