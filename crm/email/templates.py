"""Making and changing named templates; each wording is an immutable content."""

from __future__ import annotations

import sqlalchemy as sa

from crm.activity.vocabulary import Actor
from crm.database import db
from crm.email.models import EmailTemplate
from crm.email.operations import ensure_content
from crm.tags.models import slug_of


class Outdated(Exception):
    """Somebody else changed the template in the meantime."""


def create_template(name: str, subject: str, preheader: str, body: str, form: str, by: Actor) -> EmailTemplate:
    """A new template. Its slug is made of its name, and stays."""
    content = ensure_content(subject, body, preheader, form)
    template = EmailTemplate(name=name, slug=_free_slug(name), content_id=content.id, created_by=by.user_id)
    db.session.add(template)
    db.session.flush()
    return template


def update_template(
    template: EmailTemplate, version: int, name: str, subject: str, preheader: str, body: str, form: str
) -> bool:
    """Give the template these words, if `version` is still the newest; whether the words changed. Raises Outdated.

    What was sent or queued keeps the words it was made with.
    """
    if template.version != version:
        raise Outdated
    content = ensure_content(subject, body, preheader, form)
    is_new = content.id != template.content_id
    if is_new or name != template.name:
        template.name, template.content_id, template.version = name, content.id, template.version + 1
        db.session.flush()
        db.session.expire(template, ["content"])
    return is_new


def _free_slug(name: str) -> str:
    stem = slug_of(name)[:100] or "template"
    taken = set(
        db.session.scalars(sa.select(EmailTemplate.slug).where(EmailTemplate.slug.startswith(stem, autoescape=True)))
    )
    return next(slug for slug in (stem, *(f"{stem}-{n}" for n in range(2, len(taken) + 3))) if slug not in taken)
