"""Topics: the kinds of mail a school lets people choose."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from crm.conditions.mentions import Mentioned
from crm.database import db
from crm.preferences.models import ContactTopic, Topic
from crm.tags.models import slug_of


class Refused(Exception):
    """It cannot be done; the text says why, for the field `name`."""


def create_topic(name: str, description: str = "", *, is_default: bool = True, is_public: bool = True) -> Topic:
    """A new topic. Its slug is made of its name, and stays. Raises Refused."""
    topic = Topic(
        name=_free_name(name),
        slug=_free_slug(name),
        description=description.strip(),
        is_default=is_default,
        is_public=is_public,
    )
    db.session.add(topic)
    db.session.flush()
    return topic


def update_topic(topic: Topic, name: str, description: str, *, is_default: bool, is_public: bool) -> None:
    """Change the topic. Who chose keeps the choice. Raises Refused."""
    topic.name, topic.description = _free_name(name, topic), description.strip()
    topic.is_default, topic.is_public = is_default, is_public
    db.session.flush()


def delete_topic(topic: Topic) -> None:
    """Delete the topic and who chose it; the proofs stay. What was sent under it, or waits, then has no topic."""
    db.session.delete(topic)
    db.session.flush()


def mentioned(topic: Topic) -> Mentioned:
    """The topic as templates, workflows and conditions refer to it."""
    return Mentioned("topic_id", "topics", frozenset({str(topic.id), topic.slug}))


def topics_with_choices() -> Sequence[sa.Row[tuple[Topic, int, int]]]:
    """Every topic by name, with how many contacts chose it and how many refused it."""
    chose = sa.func.count().filter(ContactTopic.is_on)
    refused = sa.func.count().filter(ContactTopic.is_on.is_(False))
    found = sa.select(Topic, chose, refused).outerjoin(ContactTopic, ContactTopic.topic_id == Topic.id)
    return db.session.execute(found.group_by(Topic.id).order_by(sa.func.lower(Topic.name), Topic.id)).all()


def _free_name(name: str, mine: Topic | None = None) -> str:
    name = name.strip()
    if not name:
        raise Refused("Give the topic a name.")
    if len(name) > 80:
        raise Refused("The name may have up to 80 characters.")
    same = sa.select(Topic).where(sa.func.lower(Topic.name) == name.lower())
    if any(each is not mine for each in db.session.scalars(same)):
        raise Refused("There is a topic with this name already.")
    return name


def _free_slug(name: str) -> str:
    stem = slug_of(name)[:70] or "topic"
    taken = set(db.session.scalars(sa.select(Topic.slug).where(Topic.slug.startswith(stem, autoescape=True))))
    return next(slug for slug in (stem, *(f"{stem}-{n}" for n in range(2, len(taken) + 3))) if slug not in taken)
