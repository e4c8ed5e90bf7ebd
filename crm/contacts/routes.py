"""The list of contacts, and adding one."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf import FlaskForm

from crm.contacts import listing, paging
from crm.contacts.chips import chips_of
from crm.contacts.columns import chosen_columns
from crm.contacts.fieldset import details_for, stage_marks
from crm.contacts.forms import form_of, show_problems, values_of
from crm.contacts.operations import Refused, create_contact
from crm.contacts.queries import contacts_like, visible_ids
from crm.database import commit, rollback
from crm.lib.htmx import is_htmx, piece
from crm.users.access import requires
from crm.views.queries import columns_of, pinned_by, view_of, views_of

bp = Blueprint("contacts", __name__, url_prefix="/contacts")


@bp.get("")
@requires("crm.contacts.view")
def index() -> ResponseReturnValue:
    """The list; for htmx only the part below the header."""
    wanted = listing.read_wanted(request.args, current_user)
    page = paging.contact_page(wanted, current_user, request.args.get("at"))
    if not page.rows and request.args.get("at"):
        return redirect(url_for(".index", **wanted.query()))
    template = "contacts/_list.html" if is_htmx() else "contacts/index.html"
    return render_template(template, **_list_values(wanted, page))


@bp.get("/count")
@requires("crm.contacts.view")
def count() -> ResponseReturnValue:
    """How many the list has, asked for after the list itself."""
    wanted = listing.read_wanted(request.args, current_user)
    number = listing.contact_count(wanted, current_user)
    return piece(
        "contacts/_count.html",
        "Contacts",
        url_for(".index", **wanted.query()),
        count=number,
        most=listing.COUNTED,
        is_piece=is_htmx(),
    )


@bp.get("/suggestions/<key>")
@requires("crm.contacts.view")
def suggestions(key: str) -> str:
    """Contacts with an address to choose from, while the field `key` is written."""
    found = contacts_like(current_user, request.args.get(key, ""))
    return render_template("contacts/_suggestions.html", contacts=[each for each in found if each.email])


def _list_values(wanted: listing.Wanted, page: Any) -> dict[str, Any]:
    view = view_of(current_user, wanted.view)
    pinned = pinned_by(current_user)
    actions = [each for each in current_app.extensions["contact_bulk_actions"] if current_user.can(each.permission)]
    return {
        "wanted": wanted,
        "view_functions": current_app.view_functions,
        "page": page,
        "stages": stage_marks(),
        "sort_url": lambda key: url_for(".index", **wanted.query(sort=listing.sort_url_value(wanted, key))),
        "filters": [(each, each.choices()) for each in listing.filters_for(current_user)],
        "columns": [
            (each, each.cells(page.rows)) for each in chosen_columns(current_user, columns_of(current_user, view))
        ],
        "bulk_actions": [(each.template, each.values(current_user)) for each in actions if page.rows],
        "chips": chips_of(wanted, current_user),
        "view": view,
        "pinned_views": [each for each in views_of(current_user) if each.id in pinned or each is view],
        "name_of": lambda row: (
            f"{row.first_name} {row.last_name}".strip() or row.email or row.phone or f"Contact {row.id}"
        ),
        "here": url_for(".index", **wanted.query(at=request.args.get("at"))),
    }


@bp.route("/new", methods=["GET", "POST"])
@requires("crm.contacts.edit")
def new() -> ResponseReturnValue:
    """Add a contact. Whoever sees only assigned contacts becomes the owner of what they add."""
    details = details_for(current_user)
    form: FlaskForm = form_of(details)()
    if not form.validate_on_submit():
        return _new_page(form)
    values = values_of(form, details)
    if current_user.sees_assigned_only:
        values["owner"] = str(current_user.id)
    try:
        contact = create_contact(values, current_user.actor)
    except Refused as refused:
        rollback()
        show_problems(form, refused.problems)
        return _new_page(form, 422, twin_link(refused))
    commit()
    flash(f"{contact.name} was added.", "good")
    return redirect(url_for(".show", contact_id=contact.id))


def _new_page(form: FlaskForm, status: int = 200, twin_url: str | None = None) -> ResponseReturnValue:
    return render_template("contacts/new.html", form=form, twin_url=twin_url), status


def twin_link(refused: Refused) -> str | None:
    """Where the contact who has the address already is, if the viewer may see it."""
    seen = visible_ids(current_user, [refused.twin_id]) if refused.twin_id else []
    return url_for("contacts.show", contact_id=seen[0]) if seen else None
