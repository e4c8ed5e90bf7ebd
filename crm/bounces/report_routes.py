"""Settings → Email sending → Bounces and replies: which doors are open, what came through them last, and the mailbox."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, url_for

from crm.bounces import queries
from crm.bounces.mailbox import mailbox, mailbox_address
from crm.bounces.strikes import STRIKES, WINDOW
from crm.delivery.suppression_list import SOURCES
from crm.providers.mail_reports import KINDS
from crm.providers.reports import REPORTERS
from crm.queue import nudge
from crm.users.access import requires

bp = Blueprint("email_reports", __name__, url_prefix="/sending/reports")


@bp.get("")
@requires("crm.settings.manage")
def index() -> str:
    """Doors, mailbox and the newest reports."""
    return render_template(
        "sending/reports.html",
        carriers=list(REPORTERS.values()),
        open_ones={each.key for each in REPORTERS.values() if current_app.config[each.setting]},
        base=f"{current_app.config['PUBLIC_URL']}/api/webhooks/email/",
        last=queries.last_by_source([*REPORTERS, "imap"]),
        newest=queries.newest(),
        kinds=KINDS,
        sources=SOURCES,
        address=mailbox_address(),
        box=mailbox(),
        strikes=STRIKES,
        days=WINDOW.days,
    )


@bp.post("/mailbox")
@requires("crm.settings.manage")
def read_now() -> Any:
    """Read the mailbox soon."""
    nudge("read_mailbox")
    flash("The mailbox is being read.", "info")
    return redirect(url_for(".index"), 303)
