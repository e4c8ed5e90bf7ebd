"""What became of a broadcast: how far it is, what came back, and each recipient."""

from __future__ import annotations

import tempfile
from pathlib import Path

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    redirect,
    render_template,
    request,
    send_file,
    stream_with_context,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import current_user

from crm.broadcasts import exporting, queries, results
from crm.broadcasts.models import Broadcast
from crm.broadcasts.progress import in_words, progress_of
from crm.broadcasts.routes import broadcast_or_404
from crm.delivery.models import STATUSES
from crm.email import limits
from crm.lib import clock
from crm.lib.htmx import is_htmx
from crm.users.access import requires

bp = Blueprint("broadcast_results", __name__, url_prefix="/broadcasts/<int:broadcast_id>")


@bp.get("/results")
@requires("crm.broadcasts.view")
def show(broadcast_id: int) -> ResponseReturnValue:
    """How far it is and what came back."""
    broadcast = launched_or_404(broadcast_id)
    state = _state(broadcast)
    return render_template(
        "broadcasts/results.html",
        broadcast=broadcast,
        result=results.result_of(broadcast, current_user, clock.now()),
        **state,
    )


@bp.get("/state")
@requires("crm.broadcasts.view")
def state(broadcast_id: int) -> ResponseReturnValue:
    """The part of the page that changes; nothing (204) when it has not."""
    broadcast = launched_or_404(broadcast_id)
    if not is_htmx():
        return redirect(url_for(".show", broadcast_id=broadcast.id))
    found = _state(broadcast)
    seen, mark = request.args.get("seen", ""), str(found["mark"])
    if seen == mark:
        return Response(status=204)
    if (
        seen and seen.partition("-")[0] != broadcast.status
    ):  # what can be done with it, and what came back, has changed too
        return Response(status=204, headers={"HX-Refresh": "true"})
    return Response(render_template("broadcasts/_state.html", broadcast=broadcast, **found))


@bp.get("/recipients")
@requires("crm.broadcasts.view")
def recipients(broadcast_id: int) -> ResponseReturnValue:
    """Every recipient with state and reason, as far as the viewer may see them."""
    broadcast = launched_or_404(broadcast_id)
    wanted = _wanted()
    page = queries.recipient_page(queries.recipients(broadcast, current_user, **wanted), request.args.get("at"))
    shown = {"statuses": STATUSES, "answers": queries.ANSWERS, "wanted": wanted}
    return render_template("broadcasts/recipients.html", broadcast=broadcast, page=page, **shown)


@bp.get("/recipients.csv")
@requires("crm.broadcasts.view", "crm.contacts.export")
def csv(broadcast_id: int) -> ResponseReturnValue:
    """The recipients as CSV."""
    broadcast = launched_or_404(broadcast_id)
    found = queries.recipients(broadcast, current_user, **_wanted())
    written = stream_with_context(exporting.as_csv(broadcast, found, current_app.config["TIMEZONE"]))
    headers = {"Content-Disposition": f'attachment; filename="broadcast-{broadcast.id}.csv"'}
    return Response(written, mimetype="text/csv", headers=headers)


@bp.get("/recipients.xlsx")
@requires("crm.broadcasts.view", "crm.contacts.export")
def book(broadcast_id: int) -> ResponseReturnValue:
    """The recipients as an Excel file."""
    broadcast = launched_or_404(broadcast_id)
    found = queries.recipients(broadcast, current_user, **_wanted())
    with tempfile.TemporaryDirectory(dir=current_app.config["INSTANCE_PATH"]) as folder:
        path = Path(folder) / "recipients.xlsx"
        exporting.write_book(path, broadcast, found, current_app.config["TIMEZONE"])
        file = path.open("rb")
    return send_file(file, as_attachment=True, download_name=f"broadcast-{broadcast.id}.xlsx")


def launched_or_404(broadcast_id: int) -> Broadcast:
    """The broadcast; one that is still written leads to its next step."""
    broadcast = broadcast_or_404(broadcast_id)
    if not broadcast.is_launched:
        abort(redirect(url_for("broadcasts.show", broadcast_id=broadcast.id)))
    return broadcast


def _wanted() -> dict[str, str]:
    args = request.args
    status, answer = args.get("status", ""), args.get("answer", "")
    return {
        "status": status if status in STATUSES else "",
        "answer": answer if answer in queries.ANSWERS else "",
        "text": " ".join(args.get("q", "").split())[:100],
    }


def _state(broadcast: Broadcast) -> dict[str, object]:
    now = clock.now()
    progress = progress_of(broadcast, now)
    is_going = broadcast.status == "sending" and progress.open > 0
    waits = limits.why_waiting(broadcast.lane_id, now) if is_going and broadcast.lane_id else None
    mark = f"{broadcast.status}-{broadcast.frozen}-{broadcast.decided_at or ''}-{waits or ''}-" + ".".join(
        map(str, progress.counts.values())
    )
    trials = results.trials_of(broadcast) if broadcast.test_on else ()
    return {
        "progress": progress,
        "remaining": in_words(progress.remaining),
        "mark": mark,
        "trials": trials,
        "waits": waits,
    }
