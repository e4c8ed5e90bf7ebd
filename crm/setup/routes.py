"""The pages of the first start."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from flask_login import current_user

from crm.database import commit, rollback
from crm.lib.limits import failed, limiter
from crm.settings import queries as settings
from crm.setup import operations
from crm.setup.forms import SetupForm
from crm.users import queries as people
from crm.users.access import public, requires
from crm.users.sign_in import let_in

bp = Blueprint("setup", __name__)
OPEN = {"static", "health.healthz", "health.readyz", "setup.index", "setup.set_up"}
"""What answers as ever while nobody has an account."""


def lead_here() -> Any:
    """Before every request: while nobody has an account, on to `/setup`. Once somebody has, it never asks again."""
    if current_app.extensions.get("is_set_up") or request.endpoint in OPEN:
        return None
    is_fresh = people.is_fresh()
    rollback()
    if is_fresh:
        return _to_setup()
    current_app.extensions["is_set_up"] = True
    return None


def _to_setup() -> Any:
    target = url_for("setup.index")
    if request.headers.get("HX-Request"):
        return Response(status=401, headers={"HX-Redirect": target})
    return redirect(target, 303 if request.method == "POST" else 302)


@bp.get("/setup")
@public()
def index() -> Any:
    """The form; once the school is set up, onwards."""
    if operations.code() is None:
        return redirect(url_for("home.index"))
    form = SetupForm(data={"timezone": settings.school_timezone()})
    return render_template("setup/index.html", form=form)


@bp.post("/setup")
@public()
@limiter.limit("20 per 15 minutes", deduct_when=failed)
def set_up() -> Any:
    """Make the first administrator and sign them in."""
    form = SetupForm()
    if operations.code() is None:
        return _too_late()
    is_valid = form.validate_on_submit()
    if not operations.is_code(form.code.data or ""):
        form.code.errors = [WRONG_CODE]
    elif is_valid:
        return _make(form)
    return render_template("setup/index.html", form=form), 422


def _make(form: SetupForm) -> Any:
    try:
        user = operations.set_up(
            form.email.data, form.name.data, form.password.data, form.school_name.data, form.timezone.data
        )
    except operations.AlreadySetUp:
        return _too_late()
    let_in(user)
    commit()
    return redirect(url_for("setup.start"), 303)


def _too_late() -> Any:
    rollback()
    flash("Cohort has been set up already. Sign in, or ask whoever did it for an account.", "info")
    return redirect(url_for("users.sign_in"), 303)


@bp.get("/setup/start")
@requires("crm.settings.manage")
def start() -> str:
    """How to begin: with the demo school, with a file, or empty. Offers only what is there."""
    offers = {name for name in ("demo.load", "imports.new") if name in current_app.view_functions}
    return render_template("setup/start.html", offers=offers, name=current_user.name)


WRONG_CODE = "This is not the setup code. Compare it with the one that was printed; each letter counts."
