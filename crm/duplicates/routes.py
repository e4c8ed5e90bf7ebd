"""Duplicates on screen: the hint on the profile, the list, the two side by side."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from crm.contacts.fieldset import Detail, details_for
from crm.contacts.models import Contact
from crm.contacts.operations import Refused
from crm.contacts.queries import visible_contact, visible_ids, what_goes_with
from crm.database import after_commit, commit, db, rollback
from crm.duplicates import operations, queries
from crm.duplicates.finder import people_by_id
from crm.duplicates.likeness import compare
from crm.duplicates.models import KEPT_FOR, ContactMerge
from crm.lib import clock
from crm.lib.htmx import piece
from crm.queue import nudge
from crm.users.access import requires

bp = Blueprint("duplicates", __name__)
SHOWN = 50
PAIR = "/duplicates/<int:first_id>/<int:second_id>"


@bp.get("/contacts/<int:contact_id>/duplicates")
@requires("crm.contacts.view")
def panel(contact_id: int) -> ResponseReturnValue:
    """Who may be the same person."""
    contact = visible_contact(current_user, contact_id)
    twins = queries.twins_of(contact, current_user)
    back = url_for("contacts.show", contact_id=contact.id)
    return piece("duplicates/_panel.html", f"Duplicates of {contact.name}", back, contact=contact, twins=twins)


@bp.get("/duplicates")
@requires("crm.contacts.delete")
def index() -> str:
    """The likeliest pairs, and what was merged lately."""
    pairs = queries.open_pairs(current_user, SHOWN)
    return render_template("duplicates/index.html", pairs=pairs, merges=queries.recent_merges(SHOWN))


@bp.post("/duplicates/search")
@requires("crm.contacts.delete")
def look() -> Any:
    """Have all contacts looked through now."""
    after_commit(nudge, "find_duplicates")
    commit()
    flash("All contacts are being looked through. What is found appears here.", "good")
    return redirect(url_for(".index"))


@bp.get(PAIR)
@requires("crm.contacts.delete")
def show(first_id: int, second_id: int) -> str:
    """The two side by side; the first stays."""
    return _page(*_both(first_id, second_id))


@bp.post(PAIR)
@requires("crm.contacts.delete")
def merge(first_id: int, second_id: int) -> Any:
    """Make them one."""
    survivor, loser = _both(first_id, second_id, to_change=True)
    taken = [each for each in _differing(survivor, loser) if request.form.get(each.key) == "second"]
    try:
        done = operations.merge_contacts(survivor, loser, taken, current_user.actor)
    except Refused as refused:
        rollback()
        return _page(*_both(first_id, second_id), problem=str(refused)), 422
    commit()
    flash({"text": f"{done.name} was merged.", "undo_url": url_for(".undo", merge_id=done.id)}, "good")  # type: ignore[arg-type]
    return redirect(url_for("contacts.show", contact_id=first_id))


@bp.post(f"{PAIR}/dismissal")
@requires("crm.contacts.delete")
def dismiss(first_id: int, second_id: int) -> Any:
    """They are two people."""
    operations.dismiss(*_both(first_id, second_id))
    commit()
    flash("They will not be suggested again.", "good")
    return redirect(url_for(".index"))


@bp.post("/duplicates/merges/<int:merge_id>/undo")
@requires("crm.contacts.delete")
def undo(merge_id: int) -> Any:
    """Part them again."""
    young = ContactMerge.merged_at > clock.now() - KEPT_FOR
    found = db.session.scalar(sa.select(ContactMerge).where(ContactMerge.id == merge_id, young)) or abort(404)
    visible_contact(current_user, found.survivor_id)
    try:
        contact = operations.undo_merge(found, current_user.actor)
    except Refused as refused:
        rollback()
        flash(f"They cannot be parted: {refused}", "bad")
        return redirect(url_for(".index"))
    commit()
    flash(f"{contact.name} is a contact of their own again.", "good")
    return redirect(url_for("contacts.show", contact_id=contact.id))


def _both(first_id: int, second_id: int, to_change: bool = False) -> tuple[Contact, Contact]:
    if first_id == second_id or len(visible_ids(current_user, [first_id, second_id])) < 2:
        abort(404)
    first, second = (visible_contact(current_user, each, to_change=to_change) for each in (first_id, second_id))
    return first, second


def _differing(survivor: Contact, loser: Contact) -> list[Detail]:
    written = operations.written
    return [each for each in details_for(current_user) if written(each, survivor) != written(each, loser)]


def _page(survivor: Contact, loser: Contact, problem: str = "") -> str:
    differing = _differing(survivor, loser)
    same = [each for each in details_for(current_user) if each not in differing and operations.written(each, survivor)]
    people = people_by_id({survivor.id, loser.id})
    return render_template(
        "duplicates/show.html", survivor=survivor, loser=loser, differing=differing, same=same, problem=problem,
        reasons=compare(people[survivor.id], people[loser.id])[1],
        hanging=[(each, what_goes_with(each)) for each in (survivor, loser)],
    )  # fmt: skip
