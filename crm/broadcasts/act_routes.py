"""Sending a broadcast, and what can be done while it is under way."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from crm.broadcasts import checklist, drafting, operations, queries, reach, reckoning
from crm.broadcasts.drafting import Refused
from crm.broadcasts.forms import PlanForm
from crm.broadcasts.models import Broadcast
from crm.broadcasts.reckoning import Reckoning
from crm.broadcasts.result_routes import launched_or_404
from crm.broadcasts.routes import broadcast_or_404
from crm.broadcasts.step_routes import draft_or_404
from crm.broadcasts.telling import tell_stopped
from crm.database import commit, reading, rollback, table_of
from crm.delivery.senders import sender_for, senders
from crm.email.models import EmailMessage
from crm.email.operations import decide_again, decide_arrived, decide_lost
from crm.lib import clock
from crm.lib.form_checks import choices
from crm.users.access import requires

DECISIONS = {
    "arrived": (decide_arrived, ("is noted as arrived", "are noted as arrived")),
    "again": (decide_again, ("is sent again", "are sent again")),
    "lost": (decide_lost, ("is given up", "are given up")),
}
"""What can be said of an email nobody knows the end of: the operation, and what is told of one and of several."""
bp = Blueprint("broadcast_acts", __name__, url_prefix="/broadcasts/<int:broadcast_id>")


@bp.get("/send")
@requires("crm.broadcasts.create")
def send(broadcast_id: int) -> ResponseReturnValue:
    """Step four: when, how fast, and how a test is decided."""
    broadcast = draft_or_404(broadcast_id)
    return _page(broadcast, PlanForm.of(broadcast, _time_of(broadcast)))


@bp.post("/send")
@requires("crm.broadcasts.create")
def keep_plan(broadcast_id: int) -> ResponseReturnValue:
    """Keep how fast it goes and how a test is decided."""
    broadcast, form = draft_or_404(broadcast_id), PlanForm()
    if not form.validate_on_submit():
        return _page(broadcast, form), 422
    try:
        _keep(broadcast, form)
    except Refused as refused:
        return _refused(broadcast, form, refused)
    commit()
    flash("The plan was saved.", "good")
    return redirect(url_for(".send", broadcast_id=broadcast.id), 303)


@bp.post("/launch")
@requires("crm.broadcasts.send")
def launch(broadcast_id: int) -> ResponseReturnValue:
    """Send it, or have it sent at its time, once the page that says what happens was answered. What stops it is said first.

    A second press changes nothing.
    """
    broadcast, form = broadcast_or_404(broadcast_id), PlanForm()
    if broadcast.is_launched:
        return redirect(url_for("broadcast_results.show", broadcast_id=broadcast.id), 303)
    if not form.validate_on_submit():
        return _page(broadcast, form), 422
    with reading():
        found = reckoning.reckon(broadcast)
        stops = checklist.blocking(broadcast, found)
    if stops:
        flash(f"It cannot be sent yet: {stops[0].title}.", "bad")
        return redirect(url_for("broadcast_steps.check", broadcast_id=broadcast_id), 303)
    broadcast = broadcast_or_404(broadcast_id)
    try:
        _keep(broadcast, form)
        _begin(broadcast, form)
    except Refused as refused:
        return _refused(broadcast, form, refused)
    if request.form.get("sure") != "yes":
        rollback()
        return _confirmation(broadcast, form, found)
    commit()
    return redirect(url_for("broadcasts.show", broadcast_id=broadcast.id), 303)


@bp.post("/unscheduling")
@requires("crm.broadcasts.send")
def unschedule(broadcast_id: int) -> ResponseReturnValue:
    """Let it wait as a draft again."""
    return _done(broadcast_id, operations.unschedule, "It is a draft again.")


@bp.post("/pause")
@requires("crm.broadcasts.send")
def pause(broadcast_id: int) -> ResponseReturnValue:
    """Stop for now."""
    return _done(
        broadcast_id,
        lambda each: _stopped(each, operations.pause, "paused"),
        "Paused. Nothing more goes out until you go on.",
    )


@bp.post("/resumption")
@requires("crm.broadcasts.send")
def resume(broadcast_id: int) -> ResponseReturnValue:
    """Go on."""
    return _done(broadcast_id, operations.resume, "It goes on where it stopped.")


@bp.post("/cancellation")
@requires("crm.broadcasts.send")
def cancel(broadcast_id: int) -> ResponseReturnValue:
    """Stop for good."""
    return _done(
        broadcast_id,
        lambda each: _stopped(each, operations.cancel, "cancelled"),
        "Cancelled. What had not gone out does not go out.",
    )


@bp.post("/throttle")
@requires("crm.broadcasts.send")
def throttle(broadcast_id: int) -> ResponseReturnValue:
    """Send faster or slower from now on."""
    text = request.form.get("per_minute", "").strip()
    per_minute = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0
    if text and not 1 <= per_minute <= 100_000:
        flash("The number a minute is between 1 and 100,000; leave it empty for no limit.", "bad")
        return redirect(url_for("broadcasts.show", broadcast_id=broadcast_id), 303)
    return _done(broadcast_id, lambda each: operations.set_throttle(each, per_minute or None), "The speed was changed.")


@bp.post("/winner")
@requires("crm.broadcasts.send")
def choose_winner(broadcast_id: int) -> ResponseReturnValue:
    """End the test by hand."""
    broadcast, letter = broadcast_or_404(broadcast_id), request.form.get("letter", "")
    variant = next((each for each in broadcast.variants if each.letter == letter), None) or abort(404)
    why = f"{current_user.name} chose it."
    return _done(
        broadcast_id, lambda each: operations.choose_winner(each, variant, why), f"Version {letter} goes to the rest."
    )


@bp.post("/decision")
@requires("crm.broadcasts.send")
def decide(broadcast_id: int) -> ResponseReturnValue:
    """Say what became of its messages whose end is unknown: of one, or of all in the viewer's sight."""
    broadcast = launched_or_404(broadcast_id)
    decision, said = DECISIONS.get(request.form.get("decision", "")) or abort(400)
    mine = queries.recipients(broadcast, current_user, status="unknown").with_only_columns(EmailMessage.id)
    if message_id := request.form.get("message", type=int):
        mine = mine.where(EmailMessage.id == message_id)
    done = decision(table_of(EmailMessage).c.id.in_(mine), current_user.actor)
    commit()
    if done:
        flash(f"{done:,} email{'s' * (done != 1)} {said[done != 1]}.", "good")
    else:
        flash("That was decided already.", "info")
    left = operations.counts(broadcast)["unknown"]
    there = url_for("broadcast_results.recipients", broadcast_id=broadcast.id, status="unknown")
    return redirect(there if left else url_for("broadcast_results.show", broadcast_id=broadcast.id), 303)


def _done(broadcast_id: int, act: Callable[[Broadcast], object], said: str) -> ResponseReturnValue:
    broadcast = broadcast_or_404(broadcast_id)
    if act(broadcast) is not False:
        flash(said, "good")
    commit()
    return redirect(url_for("broadcasts.show", broadcast_id=broadcast_id), 303)


def _stopped(broadcast: Broadcast, act: Callable[[Broadcast], bool], what: str) -> bool:
    """Stop it, and tell whoever sent it, if that is somebody else."""
    if not act(broadcast):
        return False
    tell_stopped(broadcast, current_user, what)
    return True


def _keep(broadcast: Broadcast, form: PlanForm) -> None:
    drafting.check_writable(broadcast, form.seen)
    broadcast.per_minute = form.per_minute.data
    broadcast.sender_id = form.sender_id.data if form.sender_id.data in {each.id for each in senders()} else None
    if broadcast.test_on:
        broadcast.test_share = form.test_share.data or broadcast.test_share
        broadcast.test_minutes, broadcast.winner_by = form.test_minutes.data, form.winner_by.data
    if broadcast.status != "draft":
        operations.unschedule(broadcast)
    drafting.touch(broadcast)


def _begin(broadcast: Broadcast, form: PlanForm) -> None:
    if form.when.data == "now":
        operations.launch(broadcast, current_user.actor)
    elif form.when.data == "local":
        operations.schedule_locally(broadcast, form.wall, current_user.actor)
    else:
        at = clock.moment_of(form.wall, current_app.config["TIMEZONE"])
        operations.schedule(broadcast, at, current_user.actor)


def _time_of(broadcast: Broadcast) -> str:
    """Its time as the form shows it, on the school's clock."""
    if broadcast.local_time:
        return broadcast.local_time
    at = broadcast.scheduled_at
    return f"{clock.local(at, current_app.config['TIMEZONE']):%Y-%m-%dT%H:%M}" if at else ""


def _page(broadcast: Broadcast, form: PlanForm) -> str:
    zone, usual = current_app.config["TIMEZONE"], sender_for()
    known = [(str(each.id), f"{each.name} <{each.address}>") for each in senders()]
    form.sender_id.choices = choices([("", f"The usual sender: {usual.name} <{usual.address}>"), *known])
    is_ready = broadcast.has_audience and bool(broadcast.variants)
    return render_template("broadcasts/send.html", broadcast=broadcast, form=form, zone=zone, is_ready=is_ready)


def _confirmation(broadcast: Broadcast, form: PlanForm, found: Reckoning) -> str:
    """What is about to happen, in words. The plan was tried and taken back, so that only a plan that can be kept is asked about."""
    sender, zone = sender_for(form.sender_id.data), current_app.config["TIMEZONE"]
    at = None if form.when.data == "now" else form.wall
    if form.when.data == "at":  # an hour that the change of the clock leaves out is another
        at = clock.local(clock.moment_of(form.wall, zone), zone)
    values = {"sender": sender, "reckoning": found, "at": at, "zone": zone}
    return render_template(
        "broadcasts/confirm.html", broadcast=broadcast, form=form, words=reach.words(broadcast), **values
    )


def _refused(broadcast: Broadcast, form: PlanForm, refused: Refused) -> ResponseReturnValue:
    rollback()
    form.at.errors = [*form.at.errors, str(refused)]
    form.version.data = str(broadcast.version)
    return _page(broadcast, form), 422
