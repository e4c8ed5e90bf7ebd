"""Carrying out what steps decided: each kind of effect in bulk, by the operation of the feature that owns it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from crm.activity.vocabulary import Actor
from crm.audiences.models import Audience
from crm.audiences.operations import add_to_audience, remove_from_audience
from crm.automation.decisions import AddTag, AddToAudience, CreateTask, Effect, RemoveFromAudience, SendEmail
from crm.database import db
from crm.email.models import EmailTemplate
from crm.email.operations import NewEmail, ensure_content, queue_emails
from crm.tags.models import Tag
from crm.tags.operations import tag_contacts
from crm.tasks.operations import NewTask, create_tasks


@dataclass(slots=True)
class Deed:
    """An effect to be carried out for one visit; `outcome` is what the journey shows of it afterwards."""

    effect: Any
    contact_id: int
    enrollment_id: int
    step_id: int
    visit_no: int
    actor: Actor
    outcome: dict[str, Any]


def send_emails(deeds: Sequence[Deed]) -> None:
    """Queue the emails. A message is unique to its visit, so doing it again sends nothing twice."""
    words = {each: _words(each) for each in {deed.effect for deed in deeds}}
    queue_emails([_new_email(each, words[each.effect]) for each in deeds])


@dataclass(frozen=True, slots=True)
class _Words:
    """The content to send, as which kind, under which topic, from whom."""

    content_id: int
    kind: str | None
    topic_id: int | None
    sender_id: int | None


def _new_email(deed: Deed, words: _Words) -> NewEmail:
    return NewEmail(
        contact_id=deed.contact_id,
        content_id=words.content_id,
        template_id=deed.effect.template_id,
        purpose="workflow",
        parent_id=deed.enrollment_id,
        visit_no=deed.visit_no,
        step_id=deed.step_id,
        sender_id=words.sender_id,
        is_marketing=deed.effect.is_marketing and words.kind is None,
        kind=words.kind,
        topic_id=words.topic_id,
        actor=deed.actor.name,
        depth=deed.actor.depth,
    )


def _words(effect: SendEmail) -> _Words:
    """What the step chose itself comes before what the template says."""
    if effect.template_id:
        template = db.session.get_one(EmailTemplate, effect.template_id)
        topic_id, sender_id = effect.topic_id or template.topic_id, effect.sender_id or template.sender_id
        return _Words(template.content_id, template.kind, topic_id, sender_id)
    return _Words(ensure_content(effect.subject, effect.content).id, None, effect.topic_id, effect.sender_id)


def add_tags(deeds: Sequence[Deed]) -> None:
    """Add the tags: one statement per tag and depth."""
    for effect, actor, contact_ids in _alike(deeds):
        tag_contacts(db.session.get_one(Tag, effect.tag_id), contact_ids, actor)


def add_to_audiences(deeds: Sequence[Deed]) -> None:
    """Let the contacts join: one statement per audience and depth."""
    for effect, actor, contact_ids in _alike(deeds):
        add_to_audience(db.session.get_one(Audience, effect.audience_id), contact_ids, actor)


def remove_from_audiences(deeds: Sequence[Deed]) -> None:
    """Let the contacts leave: one statement per audience and depth."""
    for effect, actor, contact_ids in _alike(deeds):
        remove_from_audience(db.session.get_one(Audience, effect.audience_id), contact_ids, actor)


def _alike(deeds: Sequence[Deed]) -> Iterator[tuple[Any, Actor, list[int]]]:
    """The contacts of deeds with the same effect and actor, together."""
    groups: dict[tuple[Effect, Actor], list[int]] = defaultdict(list)
    for each in deeds:
        groups[each.effect, each.actor].append(each.contact_id)
    for (effect, actor), contact_ids in groups.items():
        yield effect, actor, contact_ids


def make_tasks(deeds: Sequence[Deed]) -> None:
    """Create the tasks, and keep their ids for the journey."""
    made = create_tasks([_new_task(each) for each in deeds])
    for deed, task_id in zip(deeds, made, strict=True):
        deed.outcome["task_id"] = task_id


def _new_task(deed: Deed) -> NewTask:
    effect = deed.effect
    return NewTask(
        contact_id=deed.contact_id,
        title=effect.title,
        description=effect.description,
        due_date=effect.due_date,
        priority=effect.priority,
        assigned_to=effect.assigned_to,
        by=deed.actor,
    )


APPLIERS: tuple[tuple[type[Effect], Callable[[Sequence[Deed]], None]], ...] = (
    (AddTag, add_tags),
    (AddToAudience, add_to_audiences),
    (RemoveFromAudience, remove_from_audiences),
    (CreateTask, make_tasks),
    (SendEmail, send_emails),
)
"""Each kind of effect and who carries it out."""


def apply(deeds: Sequence[Deed]) -> None:
    """Carry out these effects, kind by kind."""
    for kind, applier in APPLIERS:
        if chosen := [each for each in deeds if type(each.effect) is kind]:
            applier(chosen)
