"""The settings pages: the school, its clock and money, and how long what is kept."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask_wtf import FlaskForm

from crm.database import commit
from crm.settings import brand, operations
from crm.settings.forms import LocaleForm, LogoForm, RetentionForm, SchoolForm
from crm.settings.queries import prunings
from crm.users.access import requires

bp = Blueprint("settings", __name__)


@bp.get("/settings")
@requires("crm.settings.manage")
def index() -> str:
    """Who the school is."""
    return _school(SchoolForm(formdata=None, data=_set(SchoolForm)))


@bp.post("/settings")
@requires("crm.settings.manage")
def save() -> Any:
    """Save that."""
    form = SchoolForm()
    if not form.validate_on_submit():
        return _school(form), 422
    return _saved(form, "settings.index")


@bp.post("/settings/logo")
@requires("crm.settings.manage")
def save_logo() -> Any:
    """Take a picture as the logo."""
    form = LogoForm()
    if form.validate_on_submit():
        try:
            brand.set_logo(form.logo.data.read(brand.LARGEST_LOGO + 1))
        except ValueError as error:
            form.logo.errors = [str(error)]
    if form.errors:
        return _school(SchoolForm(formdata=None, data=_set(SchoolForm)), form), 422
    commit()
    flash("The logo was saved.", "good")
    return redirect(url_for("settings.index"), 303)


@bp.post("/settings/logo/removal")
@requires("crm.settings.manage")
def remove_logo() -> Any:
    """Do without one."""
    brand.remove_logo()
    commit()
    flash("The logo was removed.", "good")
    return redirect(url_for("settings.index"), 303)


@bp.get("/settings/locale")
@requires("crm.settings.manage")
def locale() -> str:
    """Its clock, money and dates."""
    return render_template("settings/locale.html", form=LocaleForm(formdata=None, data=_set(LocaleForm)))


@bp.post("/settings/locale")
@requires("crm.settings.manage")
def save_locale() -> Any:
    """Save those."""
    form = LocaleForm()
    if not form.validate_on_submit():
        return render_template("settings/locale.html", form=form), 422
    return _saved(form, "settings.locale")


@bp.get("/settings/retention")
@requires("crm.settings.manage")
def retention() -> str:
    """How long what is kept, and what was removed last."""
    return _retention(RetentionForm(formdata=None, data=_set(RetentionForm)))


@bp.post("/settings/retention")
@requires("crm.settings.manage")
def save_retention() -> Any:
    """Save that."""
    form = RetentionForm()
    if not form.validate_on_submit():
        return _retention(form), 422
    return _saved(form, "settings.retention")


def _set(form: type[FlaskForm]) -> dict[str, Any]:
    """What holds now, by the names of the form's fields."""
    names = [name for name in vars(form) if name.upper() in current_app.config]
    return {name: current_app.config[name.upper()] for name in names}


def _saved(form: FlaskForm, endpoint: str) -> Any:
    facts = {
        name.upper(): "" if value is None else str(value) for name, value in form.data.items() if name != "csrf_token"
    }
    operations.save(**facts)
    commit()
    flash("The school's settings were saved.", "good")
    return redirect(url_for(endpoint), 303)


def _school(form: SchoolForm, logo: LogoForm | None = None) -> str:
    return render_template("settings/index.html", form=form, logo=logo or LogoForm(formdata=None))


def _retention(form: RetentionForm) -> str:
    return render_template("settings/retention.html", form=form, prunings=prunings())
