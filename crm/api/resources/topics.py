"""/topics: the kinds of mail people choose."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import url_for
from marshmallow import fields

from crm.api.paging import paged
from crm.api.resource import Resource
from crm.api.shapes import ListArgs, Shape, an_id, page_of, text
from crm.database import db
from crm.lib.problems import Problem
from crm.preferences.models import Topic
from crm.preferences.topics import Refused, create_topic
from crm.users.access import requires

bp = Resource("topics", "Kinds of mail people subscribe to.")


class TopicIn(Shape):
    """A topic to make."""

    name = text("Such as Course news.", 80, 1, required=True)
    description = text("What comes under it.", 300, load_default="")
    is_default = fields.Boolean(load_default=True, metadata={"description": "Whether who said nothing gets it."})
    is_public = fields.Boolean(load_default=True, metadata={"description": "Whether the preference page offers it."})


class TopicOut(Shape):
    """A topic."""

    id = an_id(required=True)
    name = fields.String(required=True)
    slug = fields.String(required=True)
    description = fields.String(required=True)
    is_default = fields.Boolean(required=True)
    is_public = fields.Boolean(required=True)


@bp.get("")
@requires("crm.contacts.view")
@bp.arguments(ListArgs, location="query")
@bp.response(200, page_of(TopicOut))
def index(args: dict[str, Any]) -> Any:
    """Topics, newest first."""
    return paged(sa.select(Topic), Topic, args)


@bp.post("")
@requires("crm.settings.manage")
@bp.arguments(TopicIn, example={"name": "Course news", "description": "New courses, four times a year"})
@bp.response(201, TopicOut)
def create(sent: dict[str, Any]) -> Any:
    """Make a topic."""
    more = {"is_default": sent["is_default"], "is_public": sent["is_public"]}
    try:
        topic = create_topic(sent["name"], sent["description"], **more)
    except Refused as refused:
        raise Problem(409, str(refused)) from None
    return topic, 201, {"Location": url_for(".show", topic_id=topic.id)}


@bp.get("/<int:topic_id>")
@requires("crm.contacts.view")
@bp.response(200, TopicOut)
def show(topic_id: int) -> Any:
    """One topic."""
    found = db.session.get(Topic, topic_id)
    if found is None:
        raise Problem(404)
    return found
