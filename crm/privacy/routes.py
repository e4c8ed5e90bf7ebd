"""A person's data: the file of everything, and erasure."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask_login import current_user

from crm.contacts.models import Contact
from crm.contacts.queries import visible_contact, what_goes_with, word_for
from crm.database import commit, db
from crm.privacy.forms import ErasureForm
from crm.privacy.models import Erasure
from crm.privacy.operations import erase_contact
from crm.privacy.pack import pack_of
from crm.users.access import requires

bp = Blueprint("privacy", __name__)
RECENT = 100


@bp.get("/contacts/<int:contact_id>/data")
@requires("crm.contacts.export")
def download(contact_id: int) -> Response:
    """Everything known about the contact, as one file."""
    contact = visible_contact(current_user, contact_id)
    headers = {"Content-Disposition": f'attachment; filename="contact-{contact.id}.json"', "Cache-Control": "no-store"}
    return Response(pack_of(contact, current_user), mimetype="application/json", headers=headers)


@bp.get("/contacts/<int:contact_id>/erasure")
@requires("crm.contacts.delete")
def ask_erasure(contact_id: int) -> str:
    """Says what erasing means."""
    return _page(visible_contact(current_user, contact_id), ErasureForm())


@bp.post("/contacts/<int:contact_id>/erasure")
@requires("crm.contacts.delete")
def erase(contact_id: int) -> Any:
    """Forget the person, once the name was written out."""
    contact = visible_contact(current_user, contact_id, to_change=True)
    form = ErasureForm()
    if (form.name.data or "").strip().casefold() != contact.name.strip().casefold():
        form.name.errors = [f"Write “{contact.name}” to erase this contact."]
        return _page(contact, form), 422
    erase_contact(contact, current_user.actor)
    commit()
    flash("The contact was erased.", "good")
    return redirect(url_for(".index"))


@bp.get("/erasures")
@requires("crm.contacts.delete")
def index() -> str:
    """The erasures so far, as numbers."""
    erasures = db.session.scalars(sa.select(Erasure).order_by(Erasure.id.desc()).limit(RECENT)).all()
    return render_template("privacy/index.html", erasures=erasures, word_for=word_for)


def _page(contact: Contact, form: ErasureForm) -> str:
    return render_template("privacy/erasure.html", contact=contact, form=form, losses=what_goes_with(contact))
