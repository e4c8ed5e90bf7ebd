"""Email templates: the list, writing one with a preview beside it, sending oneself a test."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_login import current_user

from crm.database import commit, db
from crm.email import operations, preview, queries
from crm.email.compose import composed
from crm.email.forms import TemplateForm
from crm.email.models import EmailTemplate
from crm.email.templates import Outdated, create_template, update_template
from crm.email.values import example_values, kept, tags
from crm.lib.merge_tags import MergeError
from crm.users.access import requires

bp = Blueprint("templates", __name__, url_prefix="/templates")


@bp.get("")
@requires("crm.broadcasts.view")
def index() -> str:
    """Every template."""
    return render_template("email/templates.html", templates=queries.templates())


@bp.get("/new")
@requires("crm.broadcasts.create")
def new() -> str:
    """A blank page."""
    return _editor(TemplateForm(), None)


@bp.post("")
@requires("crm.broadcasts.create")
def create() -> Any:
    """Keep a new template."""
    form = TemplateForm()
    if not form.validate_on_submit():
        return _editor(form, None), 422
    template = create_template(form.name.data or "", **form.words(), by=current_user.actor)
    commit()
    flash(f"“{template.name}” was saved.", "good")
    return redirect(url_for("templates.show", template_id=template.id), 303)


@bp.get("/<int:template_id>")
@requires("crm.broadcasts.view")
def show(template_id: int) -> str:
    """A template, to read or to write."""
    template = _template(template_id)
    return _editor(TemplateForm.of(template), template)


@bp.post("/<int:template_id>")
@requires("crm.broadcasts.create")
def update(template_id: int) -> Any:
    """Keep new words."""
    template, form = _template(template_id), TemplateForm()
    if not form.validate_on_submit():
        return _editor(form, template), 422
    try:
        update_template(template, _number(form.version.data), form.name.data or "", **form.words())
    except Outdated:
        form.form_errors = [
            "Somebody else saved this template while you wrote. Copy your text, reload the page, and put it in again."
        ]
        return _editor(form, template), 409
    commit()
    flash(f"“{template.name}” was saved.", "good")
    return redirect(url_for("templates.show", template_id=template.id), 303)


@bp.post("/preview")
@requires("crm.broadcasts.create")
def show_preview() -> Any:
    """The words in the form as an email, for the frame beside it. Nothing is kept."""
    form = TemplateForm()
    problems = form.problems()
    if problems:
        return preview.framed_problems(problems)
    return _framed(form.words())


@bp.get("/<int:template_id>/preview")
@requires("crm.broadcasts.view")
def show_saved(template_id: int) -> Any:
    """The template as an email, for a frame."""
    content = _template(template_id).content
    return _framed(
        {"form": content.format, "subject": content.subject, "preheader": content.preheader, "body": content.body}
    )


@bp.post("/<int:template_id>/test")
@requires("crm.broadcasts.create")
def send_test(template_id: int) -> Any:
    """Send the template, as it is saved, to oneself."""
    template = _template(template_id)
    content = template.content
    try:
        names = composed(content.format, content.subject, content.preheader, content.body).names
    except MergeError as error:
        flash(f"This cannot be sent: {error}", "bad")
        return redirect(url_for("templates.show", template_id=template.id), 303)
    message = operations.queue_test(content, template.id, current_user.email, kept(example_values(), names))
    commit()
    flash(f"A test is on its way to {current_user.email}.", "good")
    return redirect(url_for("messages.show", message_id=message.id), 303)


def _framed(words: dict[str, str]) -> Any:
    try:
        return preview.framed(preview.example(**words).html)
    except MergeError as error:
        return preview.framed_problems({"body": [str(error)]})


def _editor(form: TemplateForm, template: EmailTemplate | None) -> str:
    may_write = current_user.can("crm.broadcasts.create")
    return render_template("email/template.html", form=form, template=template, tags=tags(), may_write=may_write)


def _template(template_id: int) -> EmailTemplate:
    return db.session.get(EmailTemplate, template_id) or abort(404)


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else 0
