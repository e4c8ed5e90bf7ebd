"""The pages behind an email's own links: choosing what one gets, and confirming an address. The signed token is the only key.

Looking changes nothing, because scanners follow every link; only POST does.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState

from crm.contacts.models import Contact
from crm.database import commit, db
from crm.email.centre import confirmation_words, offered, shown_words
from crm.email.holders import Holder, holder_of, source
from crm.lib import clock
from crm.preferences import choices
from crm.preferences.habits import HabitsForm
from crm.preferences.leavers import Refuser
from crm.preferences.moved import leave_elsewhere
from crm.preferences.queries import in_force
from crm.preferences.quiet import zone_of
from crm.users.access import public

bp = Blueprint("centre", __name__, url_prefix="/api/track/unsubscribe/<token>")


@bp.record_once
def _takes_posts_without_cookies(state: BlueprintSetupState) -> None:
    state.app.extensions["csrf"].exempt(bp)


@bp.get("/preferences")
@public()
def preferences(token: str) -> Any:
    """What the reader gets, to be chosen."""
    holder = holder_of(token)
    if holder is None:
        return _nobody()
    row = choices.preferences_of(holder.reader)
    form = HabitsForm(data={key: getattr(row, key) for key in HabitsForm.HABITS})
    return _page(token, holder, form, is_saved=request.args.get("saved") == "1")


@bp.post("/preferences")
@public()
def choose(token: str) -> Any:
    """Keep the reader's choices."""
    holder = holder_of(token)
    if holder is None:
        return _nobody()
    form = HabitsForm(request.form)
    if not form.validate():
        return _page(token, holder, form), 422
    reader, chosen = holder.reader, request.form.getlist("wants")
    groups = offered(reader, holder.email)
    wanted = {each.key: each.key in chosen for group in groups for each in group.choices}
    proof = source(shown=shown_words(groups))
    marketing = wanted.pop("marketing_emails")
    choices.choose(reader, wanted, proof)
    choices.choose_marketing(reader, holder.email, marketing, proof, holder.message.id if holder.message else None)
    if not marketing:
        leave_elsewhere(db.session.connection(), [Refuser(holder.contact.id, holder.email, proof)], clock.now())
    choices.set_habits(reader, form.habits(), proof)
    commit()
    return redirect(url_for(".preferences", token=token, saved=1), 303)


@bp.post("/topic")
@public()
def leave_topic(token: str) -> Any:
    """No more of the topic this email went under; the rest still comes."""
    holder = holder_of(token)
    if holder is None:
        return _nobody()
    topic = holder.topic
    if topic is not None:
        words = f"No more “{topic.name}” to {holder.email}"
        choices.choose(holder.reader, {f"topic:{topic.slug}": False}, source(shown={"": words}))
        commit()
    return redirect(url_for(".preferences", token=token, saved=1), 303)


@bp.get("/confirmation")
@public()
def confirmation(token: str) -> Any:
    """Asks whether the address is the reader's."""
    holder = holder_of(token)
    if holder is None or not holder.is_at_home:
        return _nobody()
    row = choices.preferences_of(holder.reader)
    words = confirmation_words(holder.email)
    return render_template(
        "tracking/confirmation.html",
        token=token,
        email=holder.email,
        words=words,
        is_confirmed=row.confirmation == "confirmed",
    )


@bp.post("/confirmation")
@public()
def confirm(token: str) -> Any:
    """The reader says yes."""
    holder = holder_of(token)
    if holder is None or not holder.is_at_home:
        return _nobody()
    if choices.confirm(holder.reader, source(shown={"confirmation": confirmation_words(holder.email)})):
        commit()
    return redirect(url_for(".confirmation", token=token), 303)


def _page(token: str, holder: Holder, form: HabitsForm, *, is_saved: bool = False) -> str:
    groups = offered(holder.reader, holder.email)
    on = {each.key for group in groups for each in group.choices if each.is_on}
    return render_template(
        "tracking/preferences.html", token=token, email=holder.email, form=form, is_saved=is_saved, groups=groups,
        ticked=set(request.form.getlist("wants")) if form.errors else on, left=in_force(holder.email),
        zone=zone_of(holder.reader.timezone), children=_child(holder),
    )  # fmt: skip


def _child(holder: Holder) -> Contact | None:
    return holder.contact if holder.contact.id != holder.reader.id else None


def _nobody() -> Any:
    return render_template("tracking/unknown_reader.html"), 410
