"""Writing a broadcast: its name, whom it is for, what it says, and when it is to go. Each step is kept at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from crm.activity.vocabulary import Actor
from crm.audiences.models import Audience
from crm.broadcasts.models import MOST_VARIANTS, Broadcast, BroadcastAudience, BroadcastContact, Variant
from crm.conditions.reading import validate
from crm.database import after_commit, db, insert_new, table_of
from crm.email.models import EmailContent, EmailTemplate
from crm.email.operations import ensure_content
from crm.lib import clock
from crm.queue import nudge


class Refused(Exception):
    """What a person asked for cannot be; the text says why in words."""


class Outdated(Refused):
    """Somebody else changed the broadcast in the meantime."""

    def __init__(self) -> None:
        super().__init__("Somebody else changed this broadcast meanwhile. Save again to replace their changes.")


@dataclass(frozen=True)
class Words:
    """What an email says."""

    subject: str
    preheader: str
    body: str
    form: str = "markdown"


def create_broadcast(name: str, by: Actor, template: EmailTemplate | None = None) -> Broadcast:
    """A new draft; with a template it says already what the template says."""
    broadcast = Broadcast(name=name[:120], created_by=by.user_id)
    db.session.add(broadcast)
    db.session.flush()
    if template is not None:
        use_template(broadcast, template)
    return broadcast


def check_writable(broadcast: Broadcast, version: int | None = None) -> None:
    """Hold the row for this change. Raises Refused once it was launched, Outdated when somebody was quicker."""
    status, newest = db.session.execute(
        sa.select(Broadcast.status, Broadcast.version).where(Broadcast.id == broadcast.id).with_for_update()
    ).one()
    if status != broadcast.status:
        db.session.refresh(broadcast)
    if not broadcast.is_writable:
        raise Refused("This broadcast was launched already, so it can no longer be changed.")
    if version is not None and version != newest:
        raise Outdated


def touch(broadcast: Broadcast) -> None:
    """Note the change. What was scheduled is a draft again, because it was changed after it was checked."""
    broadcast.version += 1
    broadcast.updated_at = clock.now()
    if broadcast.status != "draft":
        broadcast.status, broadcast.error = "draft", None
    db.session.flush()


def rename(broadcast: Broadcast, name: str) -> None:
    """Give it another name, which only staff see. This can be done at any time."""
    broadcast.name = name[:120]
    db.session.flush()


def choose_audience(
    broadcast: Broadcast, include: Sequence[Audience], exclude: Sequence[Audience], condition: Any,
    is_for_everyone: bool = False, keeps_chosen: bool = True,
) -> None:  # fmt: skip
    """Say whom it is for. Raises Refused for a condition that cannot be understood."""
    problems = validate(condition)
    if problems:
        raise Refused(problems[0].message)
    broadcast.audiences = [
        *(BroadcastAudience(audience_id=each.id, name=each.name) for each in include),
        *(BroadcastAudience(audience_id=each.id, name=each.name, is_excluded=True) for each in exclude),
    ]
    broadcast.condition = condition if condition and condition.get("conditions") else None
    broadcast.is_for_everyone = is_for_everyone
    broadcast.is_for_chosen = broadcast.is_for_chosen and keeps_chosen
    touch(broadcast)


def choose_contacts(broadcast: Broadcast, contact_ids: Iterable[int]) -> None:
    """Have it go to these contacts, besides its audiences."""
    rows = [{"broadcast_id": broadcast.id, "contact_id": each} for each in sorted(set(contact_ids))]
    insert_new(table_of(BroadcastContact), rows, returning=table_of(BroadcastContact).c.contact_id)
    broadcast.is_for_chosen = broadcast.is_for_chosen or bool(rows)
    touch(broadcast)


def choose_found(broadcast: Broadcast, found: sa.Select[tuple[int]]) -> int:
    """Have it go to all these contacts, a SELECT of ids; how many there are. One statement, however many."""
    rows = found.add_columns(sa.literal(broadcast.id))
    made = db.session.execute(sa.insert(BroadcastContact).from_select(["contact_id", "broadcast_id"], rows)).rowcount
    broadcast.is_for_chosen = True
    touch(broadcast)
    return made


def chosen_count(broadcast: Broadcast) -> int:
    """How many contacts were chosen by hand."""
    mine = sa.select(sa.func.count()).select_from(BroadcastContact)
    return db.session.scalar(mine.where(BroadcastContact.broadcast_id == broadcast.id)) or 0


def use_template(broadcast: Broadcast, template: EmailTemplate, position: int = 0) -> None:
    """Say what the template says now; later changes of the template leave the broadcast alone."""
    if position == 0:
        broadcast.template_id = template.id
        broadcast.topic_id = broadcast.topic_id or template.topic_id
        broadcast.sender_id = broadcast.sender_id or template.sender_id
    _put(broadcast, position, template.content)


def write(broadcast: Broadcast, words: Words, position: int = 0) -> None:
    """Let a wording say this. Where only subjects are tried, all wordings share the text of A."""
    _put(broadcast, position, ensure_content(words.subject, words.body, words.preheader, words.form))


def add_variant(broadcast: Broadcast, test_on: str) -> Variant:
    """One more wording to try, beginning as A. Raises Refused when there are enough, or nothing to copy."""
    if not broadcast.variants:
        raise Refused("Write the email first; then another version of it can be tried.")
    if len(broadcast.variants) >= MOST_VARIANTS:
        raise Refused(f"At most {MOST_VARIANTS} versions can be tried.")
    broadcast.test_on = broadcast.test_on or test_on
    variant = Variant(position=len(broadcast.variants), content_id=broadcast.variants[0].content_id)
    broadcast.variants.append(variant)
    touch(broadcast)
    return variant


def remove_variant(broadcast: Broadcast, position: int) -> None:
    """Try one wording less; the others move up. The last that is left is no test any more."""
    kept = [each.content_id for each in broadcast.variants if each.position != position]
    if len(kept) == len(broadcast.variants) or not kept:
        return
    broadcast.variants.clear()
    db.session.flush()
    broadcast.variants.extend(Variant(position=at, content_id=each) for at, each in enumerate(kept))
    if len(kept) == 1:
        broadcast.test_on = None
    touch(broadcast)


def duplicate(broadcast: Broadcast, by: Actor, name: str = "") -> Broadcast:
    """A new draft for the same people with the same words. What was planned for its sending is kept, the time is not."""
    copy = create_broadcast(name or f"Copy of {broadcast.name}", by)
    for key in ("template_id", "sender_id", "topic_id", "condition", "is_for_everyone", "per_minute", "test_on"):
        setattr(copy, key, getattr(broadcast, key))
    for key in ("test_share", "test_minutes", "winner_by"):
        setattr(copy, key, getattr(broadcast, key))
    copy.audiences = [
        BroadcastAudience(audience_id=each.audience_id, name=each.name, is_excluded=each.is_excluded)
        for each in broadcast.audiences
    ]
    copy.variants = [Variant(position=each.position, content_id=each.content_id) for each in broadcast.variants]
    if broadcast.is_for_chosen:
        _copy_chosen(broadcast, copy)
    links_are_due(copy)
    db.session.flush()
    return copy


def follow_up(broadcast: Broadcast, by: Actor) -> Broadcast:
    """A new draft with the same words for those who got this one and did not open it."""
    copy = create_broadcast(f"{broadcast.name}: once more"[:120], by)
    ref = str(broadcast.id)
    copy.condition = {
        "match": "all",
        "conditions": [
            {"field": "got_broadcast", "operator": "contains", "value": ref},
            {"field": "opened_broadcast", "operator": "not_contains", "value": ref},
        ],
    }
    best = broadcast.winner or (broadcast.variants[0] if broadcast.variants else None)
    if best is not None:
        copy.variants = [Variant(position=0, content_id=best.content_id)]
    copy.template_id, copy.sender_id, copy.topic_id = broadcast.template_id, broadcast.sender_id, broadcast.topic_id
    links_are_due(copy)
    db.session.flush()
    return copy


def delete_broadcast(broadcast: Broadcast) -> None:
    """Remove it. Its messages stay with the contacts who got them. Raises Refused while it is under way."""
    if broadcast.is_working:
        raise Refused("This broadcast is under way. Cancel it first.")
    db.session.delete(broadcast)
    db.session.flush()


def links_are_due(broadcast: Broadcast) -> None:
    """Have the links of the email looked at by the worker."""
    broadcast.links_due_at = clock.now()
    after_commit(nudge, "check_broadcast_links")


def _put(broadcast: Broadcast, position: int, content: EmailContent) -> None:
    found = next((each for each in broadcast.variants if each.position == position), None)
    if found is None and position == len(broadcast.variants):
        found = Variant(position=position, content_id=content.id)
        broadcast.variants.append(found)
    if found is None:
        raise Refused("There is no such version any more.")
    found.content_id = content.id
    db.session.flush()
    db.session.expire(found, ["content"])
    if broadcast.test_on == "subject":
        _share_text(broadcast)
    links_are_due(broadcast)
    touch(broadcast)


def _share_text(broadcast: Broadcast) -> None:
    first = broadcast.variants[0].content
    for each in broadcast.variants[1:]:
        own = each.content
        each.content_id = ensure_content(own.subject, first.body, own.preheader, first.format).id
        db.session.flush()
        db.session.expire(each, ["content"])


def _copy_chosen(broadcast: Broadcast, copy: Broadcast) -> None:
    copy.is_for_chosen = True
    db.session.flush()
    mine = sa.select(sa.literal(copy.id), BroadcastContact.contact_id)
    found = mine.where(BroadcastContact.broadcast_id == broadcast.id)
    db.session.execute(sa.insert(BroadcastContact).from_select(["broadcast_id", "contact_id"], found))
