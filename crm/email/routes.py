"""Email templates: the list, writing one with a preview beside it as any contact would get it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user

from crm.contacts.models import Contact
from crm.contacts.queries import contact_meant, contacts_like
from crm.database import commit, db
from crm.email import preview, queries
from crm.email.forms import TemplateForm, TestForm
from crm.email.models import EmailTemplate
from crm.email.templates import Outdated, create_template, update_template
from crm.email.values import tags
from crm.lib.merge_tags import MergeError
from crm.users.access import requires

bp = Blueprint("templates", __name__, url_prefix="/templates")
OUTDATED = "Somebody else saved this template while you wrote. Copy your text, reload the page, and put it in again."


@bp.get("")
@requires("crm.broadcasts.view")
def index() -> str:
    """Every template in use, and on a page of their own those that are archived."""
    archived = request.args.get("archived") == "1"
    return render_template("email/templates.html", templates=queries.templates(archived=archived), archived=archived)


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
    template = create_template(form.name.data or "", **form.words(), by=current_user.actor, **form.about())
    commit()
    flash(f"“{template.name}” was saved.", "good")
    return redirect(url_for("templates.show", template_id=template.id), 303)


@bp.get("/<int:template_id>")
@requires("crm.broadcasts.view")
def show(template_id: int) -> str:
    """A template, to read or to write."""
    template = template_or_404(template_id)
    return _editor(TemplateForm.of(template), template)


@bp.post("/<int:template_id>")
@requires("crm.broadcasts.create")
def update(template_id: int) -> Any:
    """Keep new words."""
    template, form = template_or_404(template_id), TemplateForm()
    if not form.validate_on_submit():
        return _editor(form, template), 422
    try:
        update_template(
            template, _number(form.version.data), form.name.data or "", **form.words(), by=current_user.actor
        )
    except Outdated:
        form.form_errors = [OUTDATED]
        return _editor(form, template), 409
    for key, value in form.about().items():
        setattr(template, key, value)
    commit()
    flash(f"“{template.name}” was saved.", "good")
    return redirect(url_for("templates.show", template_id=template.id), 303)


@bp.post("/preview")
@requires("crm.broadcasts.create")
def show_preview() -> Any:
    """The words in the form as an email, for a frame beside it. Nothing is kept."""
    form = TemplateForm()
    problems = form.problems()
    if problems:
        return preview.framed_problems(problems)
    return _framed(form.words())


@bp.get("/<int:template_id>/preview")
@requires("crm.broadcasts.view")
def show_saved(template_id: int) -> Any:
    """The template as an email, for a frame."""
    content = template_or_404(template_id).content
    words = {"form": content.format, "subject": content.subject, "preheader": content.preheader, "body": content.body}
    return _framed(words)


@bp.get("/readers")
@requires("crm.broadcasts.view")
def readers() -> str:
    """Contacts to preview for, while a name is typed."""
    return render_template("tasks/_contacts.html", contacts=contacts_like(current_user, request.args.get("who", "")))


def as_whom() -> Contact | None:
    """The contact named in the request; nobody is an example. Raises ValueError in words when there is no such contact in sight."""
    who = request.values.get("who", "").strip()
    return contact_meant(current_user, who) if who else None


def template_or_404(template_id: int) -> EmailTemplate:
    """The template, or the answer is 404."""
    return db.session.get(EmailTemplate, template_id) or abort(404)


def _framed(words: dict[str, str]) -> Any:
    way, scheme = request.values.get("way", ""), request.values.get("scheme", "")
    try:
        email = preview.example(**words, values=preview.values_for(as_whom()))
    except (MergeError, ValueError) as error:
        return preview.framed_problems({"body": [str(error)]})
    if way == "text":
        return preview.framed_text(f"{email.subject}\n\n{email.text}")
    return preview.framed(preview.in_scheme(email.html, scheme))


def _editor(form: TemplateForm, template: EmailTemplate | None) -> str:
    return render_template(
        "email/template.html", form=form, template=template, tags=tags(),
        may_write=current_user.can("crm.broadcasts.create"), test=TestForm(formdata=None, data={"to": current_user.email}),
    )  # fmt: skip


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else 0
