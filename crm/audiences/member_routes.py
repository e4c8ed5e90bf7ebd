"""Who is in an audience: its page, the panel of a contact, and adding and removing by hand."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from crm.activity.vocabulary import Actor
from crm.audiences.models import Audience
from crm.audiences.operations import Refused, add_to_audience, remove_from_audience
from crm.audiences.queries import (
    audience_by_ref,
    audiences_of,
    contact_like,
    member_counts,
    member_page,
    static_audiences,
)
from crm.audiences.refreshing import is_sound
from crm.audiences.routes import audience_or_404, bp
from crm.conditions.compiler import compile_condition
from crm.conditions.explanation import explain
from crm.conditions.queries import CAP, count_up_to
from crm.conditions.sentences import sentence
from crm.contacts.fieldset import stage_marks
from crm.contacts.models import Contact
from crm.contacts.queries import scope, visible_contact, visible_ids
from crm.database import commit, rollback
from crm.lib.htmx import is_htmx, piece, triggering
from crm.users.access import requires

contact_bp = Blueprint("audience_members", __name__, url_prefix="/contacts")
Change = Callable[[Audience, list[int], Actor], list[int]]


@bp.get("/<int:audience_id>")
@requires("crm.contacts.view")
def show(audience_id: int) -> ResponseReturnValue:
    """The audience and those of its members the viewer may see."""
    audience = audience_or_404(audience_id)
    page = member_page(audience, current_user, request.args.get("at"))
    if not page.rows and request.args.get("at"):
        return redirect(url_for(".show", audience_id=audience_id))
    return render_template(
        "audiences/show.html",
        audience=audience,
        page=page,
        members=member_counts([audience], current_user)[audience.id],
        words=sentence(audience.condition) if audience.is_dynamic else "",
        is_sound=is_sound(audience),
        stages=stage_marks(),
    )


@bp.get("/<int:audience_id>/matching")
@requires("crm.contacts.view")
def matching(audience_id: int) -> ResponseReturnValue:
    """How many of the viewer's contacts the condition is true of at this moment, counted up to a cap."""
    audience = audience_or_404(audience_id)
    if not audience.is_dynamic:
        abort(404)
    number = count_up_to(compile_condition(audience.condition), scope(current_user))
    back = url_for(".show", audience_id=audience_id)
    return piece("audiences/_matching.html", audience.name, back, number=number, cap=CAP)


@bp.get("/<int:audience_id>/why")
@requires("crm.contacts.view")
def why(audience_id: int) -> ResponseReturnValue:
    """Which of the condition's clauses hold for the contact named in `who`, and so why they are in or out."""
    audience, who = audience_or_404(audience_id), request.args.get("who", "")
    if not audience.is_dynamic:
        abort(404)
    contact = contact_like(who, current_user)
    explained = explain(audience.condition, contact.id) if contact else None
    is_member = contact is not None and audience in audiences_of(contact)
    return render_template(
        "audiences/why.html", audience=audience, contact=contact, who=who, explained=explained, is_member=is_member
    )


@contact_bp.get("/<int:contact_id>/audiences")
@requires("crm.contacts.view")
def panel(contact_id: int) -> ResponseReturnValue:
    """The audiences the contact is in, and the field that adds to one."""
    return _panel(visible_contact(current_user, contact_id))


@contact_bp.post("/<int:contact_id>/audiences")
@requires("crm.contacts.edit")
def add(contact_id: int) -> ResponseReturnValue:
    """Put the contact into a static audience."""
    return _change_one(contact_id, request.form.get("audience", ""), add_to_audience)


@contact_bp.post("/<int:contact_id>/audiences/<int:audience_id>/removal")
@requires("crm.contacts.edit")
def remove(contact_id: int, audience_id: int) -> ResponseReturnValue:
    """Take the contact out of a static audience."""
    return _change_one(contact_id, audience_id, remove_from_audience)


@contact_bp.post("/audience-members")
@requires("crm.contacts.edit")
def add_many() -> ResponseReturnValue:
    """Put the chosen contacts into a static audience. Contacts this viewer may not see are left alone."""
    return _change_many(add_to_audience, "now in", "audience_members.remove_many")


@contact_bp.post("/audience-members/removal")
@requires("crm.contacts.edit")
def remove_many() -> ResponseReturnValue:
    """Take the chosen contacts out of a static audience."""
    return _change_many(remove_from_audience, "no longer in", "audience_members.add_many")


def _change_one(contact_id: int, ref: int | str, change: Change) -> ResponseReturnValue:
    contact, audience = visible_contact(current_user, contact_id, to_change=True), audience_by_ref(ref)
    if audience is None:
        return _panel(contact, 422, "There is no such audience (any more). Choose another.")
    try:
        change(audience, [contact.id], current_user.actor)
    except Refused as refused:
        rollback()
        return _panel(contact, 422, str(refused))
    commit()
    if is_htmx():
        return triggering(_panel(contact), "contact-changed")
    return redirect(url_for("contacts.show", contact_id=contact.id))


def _change_many(change: Change, what: str, undo: str) -> ResponseReturnValue:
    audience, ids = audience_by_ref(request.values.get("audience")), request.values.getlist("ids", type=int)
    try:
        if audience is None:
            raise Refused({"audience": "Choose an audience."})
        changed = change(audience, visible_ids(current_user, ids), current_user.actor)
    except Refused as refused:
        rollback()
        flash(str(refused), "bad")
        return redirect(_back())
    commit()
    words = f"{len(changed):,} contact{' is' if len(changed) == 1 else 's are'} {what} “{audience.name}”."
    undo_url = url_for(undo, audience=audience.slug, ids=changed) if changed else None
    flash({"text": words, "undo_url": undo_url}, "good")
    return redirect(_back())


def _back() -> str:
    """The list as it was or the audience's page, which the form carries; nothing else."""
    back, top = request.form.get("back", ""), url_for("contacts.index")
    page = back.split("?")[0].removeprefix(url_for("audiences.index") + "/")
    return back if back.startswith(f"{top}?") or (page.isdigit() and back.startswith("/audiences/")) else top


def _panel(contact: Contact, status: int = 200, problem: str = "") -> Response:
    here = audiences_of(contact)
    left = [each for each in static_audiences() if each not in here]
    title, back = f"Audiences of {contact.name}", url_for("contacts.show", contact_id=contact.id)
    values = {"contact": contact, "here": here, "left": left, "problem": problem}
    return piece("audiences/_panel.html", title, back, status, **values)
