"""/templates: emails to start from."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import abort, url_for
from marshmallow import fields
from marshmallow.validate import OneOf
from sqlalchemy.orm import joinedload

from crm.api.paging import paged
from crm.api.resource import Resource, actor
from crm.api.shapes import ListArgs, Ref, Shape, an_id, moment, page_of, text
from crm.database import db
from crm.delivery.senders import sender_by_ref
from crm.email.compose import check
from crm.email.models import FORMATS, EmailTemplate
from crm.email.templates import InUse, Outdated, archive_template, create_template, update_template, use_again
from crm.email.values import known
from crm.lib.problems import Problem
from crm.preferences.queries import topic_by_ref
from crm.users.access import requires

bp = Resource("templates", "Emails to start from. What was sent keeps the words it was sent with.")
POINTERS = {"form": "format"}
WRITTEN_KINDS = ("class_reminder", "payment_reminder", "transactional")


class TemplateFields(Shape):
    """The fields of a template that may be changed. Those left out stay as they are."""

    name = text("What staff call it.", 120, 1)
    subject = text("May hold merge tags.", 255)
    preheader = text("Shown after the subject in most inboxes.", 255)
    format = fields.String(validate=OneOf(list(FORMATS)))
    body = text("Markdown or MJML, with merge tags.", 300_000)
    kind = fields.String(
        allow_none=True, validate=OneOf(WRITTEN_KINDS),
        metadata={"description": "What consent asks about; null is news, or what the workflow says."},
    )  # fmt: skip
    topic = Ref("Under which topic it goes, by slug or id.", allow_none=True)
    sender = Ref("Whom its mail is from, by address or id; null is the school's usual sender.", allow_none=True)
    is_archived = fields.Boolean(metadata={"description": "Offered no more. Refused while something sends it."})
    version = fields.Integer(
        metadata={"description": "The version the change is based on: 409 if it is no longer the newest."}
    )


class TemplateIn(TemplateFields):
    """A template to make."""

    name = text("What staff call it.", 120, 1, required=True)
    subject = text("May hold merge tags.", 255, 1, required=True)
    body = text("Markdown or MJML, with merge tags.", 300_000, 1, required=True)


class TemplateOut(Shape):
    """A template."""

    id = an_id(required=True)
    name = fields.String(required=True)
    slug = fields.String(required=True, metadata={"description": "Its stable name for workflows and this API."})
    subject = fields.String(required=True, attribute="content.subject")
    preheader = fields.String(required=True, attribute="content.preheader")
    format = fields.String(required=True, attribute="content.format")
    body = fields.String(required=True, attribute="content.body")
    kind = fields.String(required=True, allow_none=True)
    topic = fields.Function(
        lambda template: template.topic.slug if template.topic else None,
        required=True,
        metadata={"type": "string", "nullable": True},
    )
    sender = fields.Function(
        lambda template: template.sender.address if template.sender else None,
        required=True,
        metadata={"type": "string", "nullable": True},
    )
    is_archived = fields.Function(
        lambda template: template.archived_at is not None, required=True, metadata={"type": "boolean"}
    )
    version = fields.Integer(required=True)
    created_at = moment(required=True)
    updated_at = moment(required=True)


@bp.get("")
@requires("crm.broadcasts.view")
@bp.arguments(ListArgs, location="query")
@bp.response(200, page_of(TemplateOut))
def index(args: dict[str, Any]) -> Any:
    """Templates, newest first."""
    return paged(
        sa.select(EmailTemplate).options(joinedload(EmailTemplate.content), joinedload(EmailTemplate.sender)),
        EmailTemplate,
        args,
    )


@bp.post("")
@requires("crm.broadcasts.create")
@bp.arguments(
    TemplateIn, example={"name": "Welcome", "subject": "Hello {{ contact.first_name }}", "body": "We start soon."}
)
@bp.response(201, TemplateOut)
def create(sent: dict[str, Any]) -> Any:
    """Make a template. What could not be sent is refused."""
    words = _checked({"preheader": "", "format": "markdown", **sent})
    template = create_template(sent["name"].strip(), *words, by=actor(), **_about(sent))
    return template, 201, {"Location": url_for(".show", template_id=template.id)}


@bp.get("/<int:template_id>")
@requires("crm.broadcasts.view")
@bp.response(200, TemplateOut)
def show(template_id: int) -> Any:
    """One template."""
    return _template(template_id)


@bp.patch("/<int:template_id>")
@requires("crm.broadcasts.create")
@bp.arguments(TemplateFields)
@bp.response(200, TemplateOut)
def change(sent: dict[str, Any], template_id: int) -> Any:
    """Change a template."""
    template = _template(template_id)
    content = template.content
    now = {key: getattr(content, key) for key in ("subject", "preheader", "format", "body")} | sent
    words = _checked(now)
    try:
        update_template(
            template, sent.get("version", template.version), sent.get("name", template.name).strip(), *words, by=actor()
        )
        for key, value in _about(sent).items():
            setattr(template, key, value)
        if "is_archived" in sent:
            (archive_template if sent["is_archived"] else use_again)(template)
    except Outdated:
        raise Problem(409) from None
    except InUse as refused:
        raise Problem(409, f"In use: {', '.join(use.label for use in refused.uses[:10])}.") from None
    db.session.flush()
    db.session.refresh(template)
    return template


def _about(sent: dict[str, Any]) -> dict[str, Any]:
    """Kind, topic and sender, as far as they were sent."""
    about = {"kind": sent["kind"]} if "kind" in sent else {}
    if "topic" in sent:
        topic = topic_by_ref(sent["topic"]) if sent["topic"] is not None else None
        if sent["topic"] is not None and topic is None:
            raise Problem(422, errors=[{"pointer": "/topic", "detail": "There is no such topic."}])
        about["topic_id"] = topic.id if topic else None
    if "sender" in sent:
        sender = sender_by_ref(sent["sender"]) if sent["sender"] is not None else None
        if sent["sender"] is not None and sender is None:
            raise Problem(422, errors=[{"pointer": "/sender", "detail": "There is no such sender."}])
        about["sender_id"] = sender.id if sender else None
    return about


def _checked(words: dict[str, Any]) -> tuple[str, str, str, str]:
    """Subject, preheader, body and format. Raises Problem for words that could not be sent."""
    parts = (words["subject"].strip(), words["preheader"].strip(), words["body"].replace("\r\n", "\n"))
    problems = check(words["format"], *parts, known())
    if problems:
        raise Problem(
            422,
            errors=[
                {"pointer": f"/{POINTERS.get(key, key)}", "detail": each} for key in problems for each in problems[key]
            ],
        )
    return (*parts, words["format"])


def _template(template_id: int) -> EmailTemplate:
    return db.session.get(EmailTemplate, template_id) or abort(404)
