"""What is done with a template besides writing it: tests, versions, copies, archive, deletion.

These views belong to the blueprint of `routes`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_login import current_user

from crm.database import commit, rollback
from crm.email import operations, preview, templates
from crm.email.compose import composed
from crm.email.forms import TestForm
from crm.email.models import EmailContent, EmailTemplate
from crm.email.routes import OUTDATED, as_whom, bp, template_or_404
from crm.email.templates import InUse, Outdated
from crm.email.values import kept
from crm.lib.merge_tags import MergeError
from crm.users.access import requires


@bp.route("/<int:template_id>/test", methods=["GET", "POST"])
@requires("crm.broadcasts.create")
def send_test(template_id: int) -> Any:
    """Send the template, as it is saved, to oneself and others, as one contact would read it."""
    template = template_or_404(template_id)
    form = TestForm(to=current_user.email)
    if not form.is_submitted():
        return render_template("email/test.html", form=form, template=template)
    if not form.validate_on_submit() or not _queued(template, form):
        return render_template("email/test.html", form=form, template=template), 422
    commit()
    flash(f"A test is on its way to {', '.join(form.addresses())}.", "good")
    return redirect(url_for(".show", template_id=template.id), 303)


def _queued(template: EmailTemplate, form: TestForm) -> bool:
    content = template.content
    try:
        values = preview.values_for(as_whom())
        names = composed(content.format, content.subject, content.preheader, content.body).names
    except (MergeError, ValueError) as error:
        form.who.errors = [str(error)]
        return False
    for each in form.addresses():
        operations.queue_test(content, template.id, each, kept(values, names), template.sender_id)
    return True


@bp.get("/<int:template_id>/versions")
@requires("crm.broadcasts.view")
def versions(template_id: int) -> str:
    """Everything the template ever said, newest first."""
    template = template_or_404(template_id)
    return render_template("email/versions.html", template=template, versions=templates.versions_of(template))


@bp.get("/<int:template_id>/versions/<int:number>")
@requires("crm.broadcasts.view")
def version(template_id: int, number: int) -> str:
    """One version beside what the template says now."""
    template = template_or_404(template_id)
    old = templates.version_of(template, number) or abort(404)
    lines = list(_compared(old.content, template.content))
    return render_template("email/version.html", template=template, old=old, lines=lines)


@bp.get("/<int:template_id>/versions/<int:number>/preview")
@requires("crm.broadcasts.view")
def show_version(template_id: int, number: int) -> Any:
    """The version as an email, for a frame."""
    old = templates.version_of(template_or_404(template_id), number) or abort(404)
    words = old.content
    try:
        return preview.framed(preview.example(words.format, words.subject, words.preheader, words.body).html)
    except MergeError as error:
        return preview.framed_problems({"body": [str(error)]})


@bp.post("/<int:template_id>/versions/<int:number>/restoration")
@requires("crm.broadcasts.create")
def restore(template_id: int, number: int) -> Any:
    """Let the template say this again."""
    template = template_or_404(template_id)
    old = templates.version_of(template, number) or abort(404)
    try:
        templates.restore_version(template, old, request.form.get("version", 0, type=int), current_user.actor)
    except Outdated:
        rollback()
        flash(OUTDATED, "bad")
        return redirect(url_for(".versions", template_id=template.id), 303)
    commit()
    flash(f"“{template.name}” says again what version {number} said.", "good")
    return redirect(url_for(".show", template_id=template.id), 303)


@bp.post("/<int:template_id>/copies")
@requires("crm.broadcasts.create")
def duplicate(template_id: int) -> Any:
    """A new template that says the same."""
    copy = templates.duplicate_template(template_or_404(template_id), current_user.actor)
    commit()
    flash(f"“{copy.name}” was made.", "good")
    return redirect(url_for(".show", template_id=copy.id), 303)


@bp.post("/<int:template_id>/archive")
@requires("crm.broadcasts.create")
def archive(template_id: int) -> Any:
    """Offer the template no more, or again."""
    template = template_or_404(template_id)
    if request.form.get("is_archived") == "no":
        templates.use_again(template)
    else:
        try:
            templates.archive_template(template)
        except InUse:
            rollback()
            return redirect(url_for(".ask_deletion", template_id=template.id), 303)
    commit()
    flash(f"“{template.name}” {'was archived' if template.archived_at else 'is offered again'}.", "good")
    return redirect(url_for(".index"), 303)


@bp.get("/<int:template_id>/deletion")
@requires("crm.broadcasts.create")
def ask_deletion(template_id: int) -> str:
    """Says what sends the template."""
    template = template_or_404(template_id)
    return render_template("email/deletion.html", template=template, uses=templates.uses_of_template(template))


@bp.post("/<int:template_id>/deletion")
@requires("crm.broadcasts.create")
def delete(template_id: int) -> Any:
    """Delete the template that nothing sends."""
    template = template_or_404(template_id)
    try:
        templates.delete_template(template)
    except InUse as refused:
        rollback()
        return render_template("email/deletion.html", template=template, uses=refused.uses), 409
    commit()
    flash(f"“{template.name}” was deleted. What was sent stays as it was.", "good")
    return redirect(url_for(".index"), 303)


def _compared(old: EmailContent, new: EmailContent) -> Iterator[tuple[str, str]]:
    """Line by line: kept, only in the old version (`gone`), or only in what it says now (`new`)."""
    marks = {"  ": "kept", "- ": "gone", "+ ": "new"}
    for line in difflib.ndiff(_lines(old), _lines(new)):
        if line[:2] in marks:
            yield marks[line[:2]], line[2:]


def _lines(content: EmailContent) -> list[str]:
    return [f"Subject: {content.subject}", f"Preview line: {content.preheader}", "", *content.body.splitlines()[:2000]]
