"""Settings → Email sending: whom email is from, the server that carries it, and what the DNS says about its domain."""

from __future__ import annotations

from email.message import EmailMessage
from email.utils import formataddr, formatdate, make_msgid
from typing import Any

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask_login import current_user

from crm.database import commit, db
from crm.delivery import dkim, domains
from crm.delivery.forms import LimitsForm, SenderForm, TestForm
from crm.delivery.models import EmailSender
from crm.delivery.senders import From, delete_sender, is_taken, save_sender, sender_for, senders
from crm.lib import clock
from crm.lib.limits import limiter
from crm.lib.smtp_url import Server
from crm.providers.mail import Envelope
from crm.providers.smtp_check import Step, try_server
from crm.settings import operations as settings
from crm.settings.overlay import SENDING_LIMITS
from crm.users.access import requires

bp = Blueprint("sending", __name__, url_prefix="/sending")


@bp.get("")
@requires("crm.settings.manage")
def index() -> str:
    """Senders and server."""
    form = TestForm(address=current_user.email)
    return _page(form=form)


@bp.post("/test")
@limiter.limit("10 per minute")
@requires("crm.settings.manage")
def test() -> Any:
    """Send a test over the server, and tell how each phase went."""
    form = TestForm()
    if not form.validate_on_submit():
        return _page(form=form), 422
    url, sender, address = (
        current_app.config["SMTP_URL"],
        sender_for(_number(form.sender_id.data)),
        form.address.data or "",
    )
    if not url:
        abort(404)
    commit()  # the network is waited for; others write meanwhile
    return _page(form=form, steps=_tried(url, sender, address))


@bp.route("/limits", methods=["GET", "POST"])
@requires("crm.settings.manage")
def edit_limits() -> Any:
    """Change how much goes out."""
    form = LimitsForm(data={each.lower(): current_app.config[each] for each in SENDING_LIMITS})
    if form.validate_on_submit():
        settings.save(
            **{each: "" if (value := form[each.lower()].data) is None else str(value) for each in SENDING_LIMITS}
        )
        commit()
        flash("The limits were saved. They hold from the next emails on.", "good")
        return redirect(url_for(".index"), 303)
    return render_template("sending/limits.html", form=form), 422 if form.errors else 200


@bp.route("/senders/new", methods=["GET", "POST"])
@requires("crm.settings.manage")
def new_sender() -> Any:
    """Make a sender."""
    return _sender_page(None)


@bp.route("/senders/<int:sender_id>", methods=["GET", "POST"])
@requires("crm.settings.manage")
def edit_sender(sender_id: int) -> Any:
    """Change a sender."""
    return _sender_page(db.session.get(EmailSender, sender_id) or abort(404))


@bp.post("/senders/<int:sender_id>/deletion")
@requires("crm.settings.manage")
def remove_sender(sender_id: int) -> Any:
    """Remove it; the default one takes its place."""
    sender = db.session.get(EmailSender, sender_id) or abort(404)
    name = sender.name
    delete_sender(sender)
    commit()
    flash(f"“{name}” is no longer a sender.", "good")
    return redirect(url_for(".index"), 303)


@bp.get("/domain")
@requires("crm.settings.manage")
def domain() -> str:
    """What the DNS was found to say."""
    return render_template("sending/domain.html", **_domains())


@bp.get("/domain/state")
@requires("crm.settings.manage")
def domain_state() -> str:
    """The part of the page that moves."""
    return render_template("sending/_domains.html", **_domains())


@bp.post("/domain")
@requires("crm.settings.manage")
def check_domain() -> Any:
    """Look again, in the worker."""
    domains.ask_for_checks(clock.now())
    commit()
    return redirect(url_for(".domain"), 303)


@bp.post("/domain/<domain>/key")
@requires("crm.settings.manage")
def make_key(domain: str) -> Any:
    """Make a key to sign the domain's mail with; its record is shown until the DNS has it."""
    dkim.make_key(_known(domain))
    flash("A key was made. Put its record into the DNS, look again, then turn signing on.", "good")
    return redirect(url_for(".domain"), 303)


@bp.post("/domain/<domain>/signing")
@requires("crm.settings.manage")
def sign(domain: str) -> Any:
    """Sign the domain's mail from now on, or no more."""
    is_on = request.form.get("on") == "1"
    (dkim.turn_on if is_on else dkim.turn_off)(_known(domain))
    flash(f"Mail of {domain} is signed from now on." if is_on else f"Mail of {domain} is signed no more.", "good")
    return redirect(url_for(".domain"), 303)


def _known(domain: str) -> str:
    return domain if domain in domains.sending_domains() else abort(404)


def _page(form: TestForm, steps: list[Step] | None = None) -> str:
    url = current_app.config["SMTP_URL"]
    return render_template(
        "sending/index.html",
        senders=senders(),
        default=sender_for(),
        server=Server.of_url(url) if url else None,
        form=form,
        steps=steps,
        checks=domains.checks(),
        limits=_limits(),
    )


def _limits() -> list[tuple[str, str]]:
    """How much goes out at most, in words."""
    config = current_app.config
    day, pace, start = config["MAIL_PER_DAY"], config["MAIL_PER_DOMAIN"], config["MAIL_WARMUP_START"]
    growth = f"{config['MAIL_WARMUP_FIRST']} on the first day, {config['MAIL_WARMUP_GROWTH']} % more each day"
    warm = f"Since {start:%Y-%m-%d}: {growth}" if start else "No"
    return [
        ("In a day", f"{day:,}" if day else "Any number"),
        ("A minute to one domain", f"{pace:,}" if pace else "Any number"),
        ("Warming up", warm),
        ("Connections at once", str(config["SMTP_CONNECTIONS"])),
    ]


def _sender_page(sender: EmailSender | None) -> Any:
    form = SenderForm(obj=sender)
    if form.validate_on_submit():
        address = form.address.data or ""
        if is_taken(address, sender):
            form.address.errors = [*form.address.errors, "There is a sender with this address."]
        else:
            is_default = bool(form.is_default.data)
            made = save_sender(sender, form.name.data or "", address, form.reply_to.data or "", is_default=is_default)
            commit()
            flash(f"“{made.name}” was saved.", "good")
            return redirect(url_for(".index"), 303)
    code = 422 if form.errors else 200
    return render_template("sending/sender.html", form=form, sender=sender), code


def _tried(url: str, sender: From, address: str) -> list[Step]:
    mail = EmailMessage()
    mail["From"], mail["To"] = formataddr((sender.name, sender.address)), address
    mail["Subject"] = f"A test from {current_app.config['SCHOOL_NAME']}".replace("\n", " ")
    mail["Date"], mail["Message-ID"] = formatdate(), make_msgid(domain=sender.domain or "localhost")
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content("This email was sent to see whether sending works. It does.\n")
    data = mail.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return try_server(Server.of_url(url), Envelope(sender.address, address, data))


def _domains() -> dict[str, Any]:
    found, now = domains.checks(), clock.now()
    return {
        "checks": found,
        "signatures": domains.signatures(),
        "is_busy": any(domains.is_busy(each, now) for each in found.values()),
    }


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 19 else None
