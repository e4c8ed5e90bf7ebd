"""The list of broadcasts; making, naming, copying and deleting one."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from crm.audiences.queries import audience_by_ref
from crm.broadcasts import drafting, queries
from crm.broadcasts.drafting import Refused
from crm.broadcasts.forms import NameForm
from crm.broadcasts.models import STATUSES, Broadcast
from crm.contacts.listing import matching, read_wanted
from crm.contacts.queries import visible_ids
from crm.database import commit, db
from crm.email.models import EmailTemplate
from crm.lib import clock
from crm.users.access import requires

bp = Blueprint("broadcasts", __name__, url_prefix="/broadcasts")


@bp.get("")
@requires("crm.broadcasts.view")
def index() -> ResponseReturnValue:
    """Broadcasts, newest first."""
    text, group = " ".join(request.args.get("q", "").split())[:100], request.args.get("group", "")
    page = queries.broadcast_page(group, text, request.args.get("at"))
    shown = {"text": text, "group": group, "groups": queries.GROUPS, "counts": queries.group_counts()}
    return render_template("broadcasts/index.html", page=page, statuses=STATUSES, **shown)


@bp.get("/new")
@requires("crm.broadcasts.create")
def new() -> ResponseReturnValue:
    """Name a new one."""
    return _naming(NameForm())


@bp.post("")
@requires("crm.broadcasts.create")
def create() -> ResponseReturnValue:
    """Make a draft, for the audience or with the template that the address names."""
    form = NameForm()
    if not form.validate_on_submit():
        return _naming(form), 422
    template = db.session.get(EmailTemplate, request.args.get("template", 0, type=int))
    broadcast = drafting.create_broadcast(form.name.data or "", current_user.actor, template)
    if audience := audience_by_ref(request.args.get("audience")):
        drafting.choose_audience(broadcast, [audience], [], None)
    commit()
    return redirect(url_for("broadcast_steps.audience", broadcast_id=broadcast.id), 303)


@bp.post("/chosen")
@requires("crm.broadcasts.create")
def create_for_chosen() -> ResponseReturnValue:
    """Make a draft for the contacts chosen in the list."""
    ids = visible_ids(current_user, request.form.getlist("ids", type=int)[:5_000])
    if not ids:
        flash("Choose the contacts you want to write to first.", "warn")
        return redirect(url_for("contacts.index"), 303)
    name = f"To {len(ids)} contacts, {clock.local(clock.now(), current_user.timezone):%d %B}"
    broadcast = drafting.create_broadcast(name, current_user.actor)
    drafting.choose_contacts(broadcast, ids)
    commit()
    return redirect(url_for("broadcast_steps.audience", broadcast_id=broadcast.id), 303)


@bp.post("/listed")
@requires("crm.broadcasts.create")
def create_for_list() -> ResponseReturnValue:
    """Make a draft for all contacts that the list of this address means, as they are now."""
    broadcast = drafting.create_broadcast("To the contacts of a list", current_user.actor)
    count = drafting.choose_found(broadcast, matching(read_wanted(request.args, current_user), current_user))
    drafting.rename(broadcast, f"To {count:,} contacts, {clock.local(clock.now(), current_user.timezone):%d %B}")
    commit()
    return redirect(url_for("broadcast_steps.audience", broadcast_id=broadcast.id), 303)


@bp.get("/<int:broadcast_id>")
@requires("crm.broadcasts.view")
def show(broadcast_id: int) -> ResponseReturnValue:
    """Where it stands: its next step while it is written, its results once it was launched."""
    broadcast = broadcast_or_404(broadcast_id)
    if broadcast.is_launched:
        return redirect(url_for("broadcast_results.show", broadcast_id=broadcast.id))
    return redirect(url_for(f"broadcast_steps.{next_step(broadcast)}", broadcast_id=broadcast.id))


@bp.post("/<int:broadcast_id>/name")
@requires("crm.broadcasts.create")
def rename(broadcast_id: int) -> ResponseReturnValue:
    """Give it another name."""
    broadcast, form = broadcast_or_404(broadcast_id), NameForm()
    if form.validate_on_submit():
        drafting.rename(broadcast, form.name.data or "")
        commit()
    else:
        flash("A name has between 1 and 120 characters.", "bad")
    return redirect(url_for(".show", broadcast_id=broadcast.id), 303)


@bp.post("/<int:broadcast_id>/duplicate")
@requires("crm.broadcasts.create")
def duplicate(broadcast_id: int) -> ResponseReturnValue:
    """Make a draft that is like it."""
    copy = drafting.duplicate(broadcast_or_404(broadcast_id), current_user.actor)
    commit()
    flash(f"“{copy.name}” was made.", "good")
    return redirect(url_for(".show", broadcast_id=copy.id), 303)


@bp.post("/<int:broadcast_id>/follow-up")
@requires("crm.broadcasts.create")
def follow_up(broadcast_id: int) -> ResponseReturnValue:
    """Make a draft for those who did not open it."""
    copy = drafting.follow_up(broadcast_or_404(broadcast_id), current_user.actor)
    commit()
    flash(
        "This draft is for those who got the broadcast and did not open it. Change the subject before you send it.",
        "good",
    )
    return redirect(url_for("broadcast_steps.content", broadcast_id=copy.id), 303)


@bp.post("/<int:broadcast_id>/deletion")
@requires("crm.broadcasts.create")
def delete(broadcast_id: int) -> ResponseReturnValue:
    """Delete it; what was sent stays with the contacts."""
    broadcast = broadcast_or_404(broadcast_id)
    if broadcast.is_launched and not current_user.can("crm.broadcasts.send"):
        abort(403)
    try:
        drafting.delete_broadcast(broadcast)
    except Refused as refused:
        flash(str(refused), "bad")
        return redirect(url_for(".show", broadcast_id=broadcast.id), 303)
    commit()
    flash(f"“{broadcast.name}” was deleted.", "good")
    return redirect(url_for(".index"), 303)


def broadcast_or_404(broadcast_id: int) -> Broadcast:
    return queries.broadcast(broadcast_id) or abort(404)


def next_step(broadcast: Broadcast) -> str:
    """The first step that is not done."""
    if not broadcast.has_audience:
        return "audience"
    return "check" if broadcast.variants else "content"


def _naming(form: NameForm) -> str:
    audience = audience_by_ref(request.args.get("audience"))
    template = db.session.get(EmailTemplate, request.args.get("template", 0, type=int))
    return render_template("broadcasts/new.html", form=form, audience=audience, template=template)
