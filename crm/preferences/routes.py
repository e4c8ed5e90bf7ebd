"""What a contact wants, on the profile: how everything stands and since when, changing it with a reason, the history."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_login import current_user

from crm.contacts.models import Contact
from crm.contacts.queries import visible_contact
from crm.database import commit, db
from crm.lib.htmx import is_htmx, piece, triggering
from crm.preferences import choices, proof
from crm.preferences.forms import ChangeForm
from crm.preferences.models import HOW, SWITCHES
from crm.preferences.operations import unsubscribe
from crm.preferences.proof import Source
from crm.preferences.queries import REASONS, in_force
from crm.users.access import requires

bp = Blueprint("preferences", __name__, url_prefix="/contacts/<int:contact_id>/preferences")
PAGE = 50


@bp.get("")
@requires("crm.contacts.view")
def panel(contact_id: int) -> Response:
    """How everything stands, and since when."""
    return _panel(visible_contact(current_user, contact_id))


@bp.get("/change")
@requires("crm.contacts.edit")
def edit(contact_id: int) -> str:
    """Everything that can be chosen for the contact."""
    contact = visible_contact(current_user, contact_id)
    row = choices.preferences_of(contact)
    form = ChangeForm(data={key: getattr(row, key) for key in ChangeForm.HABITS})
    return _form(contact, form, {key for key, is_on in choices.standing(contact).items() if is_on})


@bp.post("/change")
@requires("crm.contacts.edit")
def change(contact_id: int) -> Any:
    """Keep what was chosen, with the reason."""
    contact = visible_contact(current_user, contact_id, to_change=True)
    form, ticked = ChangeForm(request.form), set(request.form.getlist("wants"))
    if not form.validate():
        return _form(contact, form, ticked), 422
    source = Source("staff", current_user.actor, form.reason.data or "", request.remote_addr)
    choices.choose(contact, {key: key in ticked for key in choices.standing(contact)}, source)
    choices.set_habits(contact, form.habits(), source)
    commit()
    flash(f"The preferences of {contact.name} were saved.", "good")
    return redirect(f"{url_for('contacts.show', contact_id=contact.id)}#panel-preferences", 303)


@bp.post("/leaving")
@requires("crm.contacts.edit")
def leave(contact_id: int) -> Any:
    """Unsubscribe the contact's address, because they said so."""
    contact = visible_contact(current_user, contact_id, to_change=True)
    if contact.email:
        source = Source("staff", current_user.actor, "Said so to a member of staff", request.remote_addr)
        unsubscribe(contact, contact.email, current_user.actor, source=source)
        commit()
    if not is_htmx():
        return redirect(f"{url_for('contacts.show', contact_id=contact.id)}#panel-preferences", 303)
    return triggering(_panel(contact), "contact-changed")


@bp.get("/history")
@requires("crm.contacts.view")
def history(contact_id: int) -> str:
    """Every choice with its proof, newest first."""
    contact = visible_contact(current_user, contact_id)
    before = request.args.get("before", type=int)
    rows = proof.proofs_of(contact.id, PAGE + 1, before)
    more = rows[PAGE - 1].id if len(rows) > PAGE else None
    return render_template(
        "preferences/history.html", contact=contact, rows=rows[:PAGE], more=more, words=_words(rows), how=HOW
    )


def _panel(contact: Contact) -> Response:
    guardian = db.session.get(Contact, contact.guardian_id) if contact.guardian_id else None
    return piece(
        "preferences/_panel.html", f"Preferences of {contact.name}", url_for("contacts.show", contact_id=contact.id),
        contact=contact, guardian=guardian, row=choices.preferences_of(contact), newest=proof.newest_of(contact.id), how=HOW,
        left=in_force(contact.email) if contact.email else None,
        standing=[(key, words, getattr(choices.preferences_of(contact), key)) for key, words in _shown(contact)],
        topics=choices.topic_choices(contact), reasons=REASONS,
    )  # fmt: skip


def _shown(contact: Contact) -> list[tuple[str, str]]:
    """The switches that matter for this contact: a channel only when there is an address for it."""
    without = {"push_enabled"} | (set() if contact.phone else {"sms_enabled", "whatsapp_enabled"})
    without |= set() if contact.email else {"email_enabled"}
    return [(key, words) for key, words in SWITCHES.items() if key not in without]


def _form(contact: Contact, form: ChangeForm, ticked: set[str]) -> str:
    return render_template(
        "preferences/change.html", contact=contact, form=form, ticked=ticked, switches=SWITCHES,
        topics=choices.topic_choices(contact), left=in_force(contact.email) if contact.email else None,
    )  # fmt: skip


def _words(rows: Any) -> dict[str, str]:
    """What each record is about, in words."""
    return {
        **SWITCHES, "subscription": "News to this address", "confirmation": "Confirmation of the address",
        **{key: f"Topic: {name}" for key, name in proof.topic_names(rows).items()},
    }  # fmt: skip
