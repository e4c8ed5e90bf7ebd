"""Making and changing named templates; each wording is an immutable content, and each saving a version that can be brought back."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from crm.activity.vocabulary import SYSTEM, Actor
from crm.conditions.mentions import Mentioned, Use, uses_of
from crm.database import db
from crm.email.models import EmailTemplate, EmailTemplateVersion
from crm.email.operations import ensure_content
from crm.lib import clock
from crm.tags.models import slug_of


class Outdated(Exception):
    """Somebody else changed the template in the meantime."""


class InUse(Exception):
    """Something still sends the template; `uses` says what."""

    def __init__(self, uses: Sequence[Use]):
        super().__init__("The template is in use.")
        self.uses = uses


def create_template(
    name: str,
    subject: str,
    preheader: str,
    body: str,
    form: str,
    by: Actor,
    *,
    topic_id: int | None = None,
    kind: str | None = None,
    sender_id: int | None = None,
) -> EmailTemplate:
    """A new template. Its slug is made of its name, and stays."""
    content = ensure_content(subject, body, preheader, form)
    template = EmailTemplate(
        name=name, slug=_free_slug(name), content_id=content.id, created_by=by.user_id, topic_id=topic_id, kind=kind,
        sender_id=sender_id,
    )  # fmt: skip
    db.session.add(template)
    db.session.flush()
    _keep_version(template, by)
    return template


def update_template(
    template: EmailTemplate,
    version: int,
    name: str,
    subject: str,
    preheader: str,
    body: str,
    form: str,
    by: Actor = SYSTEM,
) -> bool:
    """Give the template these words, if `version` is still the newest; whether the words changed. Raises Outdated.

    What was sent or queued keeps the words it was made with.
    """
    if template.version != version:
        raise Outdated
    return _set(template, name, ensure_content(subject, body, preheader, form).id, by)


def restore_version(template: EmailTemplate, old: EmailTemplateVersion, version: int, by: Actor) -> bool:
    """Let the template say again what it said then, as a new version; whether the words changed. Raises Outdated."""
    if template.version != version:
        raise Outdated
    return _set(template, template.name, old.content_id, by)


def duplicate_template(template: EmailTemplate, by: Actor) -> EmailTemplate:
    """A new template that says the same."""
    words = template.content
    return create_template(
        f"Copy of {template.name}"[:120], words.subject, words.preheader, words.body, words.format, by,
        topic_id=template.topic_id, kind=template.kind, sender_id=template.sender_id,
    )  # fmt: skip


def archive_template(template: EmailTemplate) -> None:
    """Offer the template no more. Raises InUse while something sends it."""
    _refuse_in_use(template)
    template.archived_at = template.archived_at or clock.now()
    db.session.flush()


def use_again(template: EmailTemplate) -> None:
    """Offer an archived template again."""
    template.archived_at = None
    db.session.flush()


def delete_template(template: EmailTemplate) -> None:
    """Delete the template; what was sent stays as it was sent. Raises InUse while something sends it."""
    _refuse_in_use(template)
    db.session.delete(template)
    db.session.flush()


def uses_of_template(template: EmailTemplate) -> list[Use]:
    """What sends the template or asks about it: workflows, broadcasts, audiences, views."""
    refs = frozenset({str(template.id), template.slug})
    found = [
        use
        for field in ("opened_template", "clicked_template")
        for use in uses_of(Mentioned("template_id", field, refs))
    ]
    return list(dict.fromkeys(found))


def versions_of(template: EmailTemplate) -> Sequence[EmailTemplateVersion]:
    """Every version with its words, newest first."""
    mine = sa.select(EmailTemplateVersion).where(EmailTemplateVersion.template_id == template.id)
    mine = mine.options(joinedload(EmailTemplateVersion.content))
    return db.session.scalars(mine.order_by(EmailTemplateVersion.version.desc()).limit(200)).all()


def version_of(template: EmailTemplate, number: int) -> EmailTemplateVersion | None:
    """One version."""
    mine = EmailTemplateVersion.template_id == template.id, EmailTemplateVersion.version == number
    return db.session.scalar(sa.select(EmailTemplateVersion).where(*mine))


def _set(template: EmailTemplate, name: str, content_id: int, by: Actor) -> bool:
    is_new = content_id != template.content_id
    if is_new or name != template.name:
        template.name, template.content_id, template.version = name, content_id, template.version + 1
        db.session.flush()
        db.session.expire(template, ["content"])
        _keep_version(template, by)
    return is_new


def _keep_version(template: EmailTemplate, by: Actor) -> None:
    db.session.add(
        EmailTemplateVersion(
            template_id=template.id, version=template.version or 1, name=template.name, content_id=template.content_id,
            saved_by=by.user_id, actor=by.name[:120],
        )
    )  # fmt: skip
    db.session.flush()


def _refuse_in_use(template: EmailTemplate) -> None:
    if uses := uses_of_template(template):
        raise InUse(uses)


def _free_slug(name: str) -> str:
    stem = slug_of(name)[:100] or "template"
    taken = set(
        db.session.scalars(sa.select(EmailTemplate.slug).where(EmailTemplate.slug.startswith(stem, autoescape=True)))
    )
    return next(slug for slug in (stem, *(f"{stem}-{n}" for n in range(2, len(taken) + 3))) if slug not in taken)
