"""Joining and leaving, in bulk. Every verb may be done twice without harm; only what changed is recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from crm.activity.operations import emit_all
from crm.activity.vocabulary import Actor, AudienceActivity, AudienceJoined, AudienceLeft
from crm.audiences.models import Audience, AudienceMember
from crm.conditions.queries import matching_ids
from crm.database import db, insert_new, table_of
from crm.lib import clock

CHUNK = 500
BY_CONDITION = Actor(name="the audience’s condition")
_audiences, _members = table_of(Audience), table_of(AudienceMember)
Depths = Mapping[int, int]


def join(audience: Audience, contact_ids: Iterable[int], by: Actor, depths: Depths | None = None) -> list[int]:
    """Let these contacts in. Returns the ids of those who were not members before."""
    rows = [
        {"audience_id": audience.id, "contact_id": each, "joined_at": clock.now(), "added_by": by.user_id}
        for each in sorted(set(contact_ids))
    ]
    new = insert_new(_members, rows, returning=_members.c.contact_id)
    _record(AudienceJoined, audience, new, by, depths or {})
    return new


def leave(audience: Audience, contact_ids: Iterable[int], by: Actor, depths: Depths | None = None) -> list[int]:
    """Let these contacts go. Returns the ids of those who were members."""
    ids = sorted(set(contact_ids))
    gone: list[int] = []
    for start in range(0, len(ids), CHUNK):
        some = _members.c.contact_id.in_(ids[start : start + CHUNK])
        statement = sa.delete(_members).where(_members.c.audience_id == audience.id, some)
        gone += db.session.scalars(statement.returning(_members.c.contact_id))
    _record(AudienceLeft, audience, gone, by, depths or {})
    return gone


def settle(
    audience: Audience, contact_ids: Sequence[int], now: datetime | None = None, depths: Depths | None = None
) -> int:
    """Let those of these contacts join whom the dynamic audience's condition is true of, and the others leave; how many did."""
    matching = matching_ids(audience.condition, contact_ids, now)
    here = members_among(audience, contact_ids)
    new = join(audience, matching - here, BY_CONDITION, depths)
    gone = leave(audience, here - matching, BY_CONDITION, depths)
    return len(new) + len(gone)


def members_among(audience: Audience, contact_ids: Sequence[int]) -> set[int]:
    """Those of at most a few hundred contacts who are members."""
    some = _members.c.contact_id.in_(contact_ids)
    return set(db.session.scalars(sa.select(_members.c.contact_id).where(_members.c.audience_id == audience.id, some)))


def _record(
    kind: type[AudienceActivity], audience: Audience, contact_ids: Sequence[int], by: Actor, depths: Depths
) -> None:
    if not contact_ids:
        return
    emit_all(
        kind(
            contact_id=each,
            subject_id=audience.id,
            audience=audience.name,
            by=replace(by, depth=depths[each]) if each in depths else by,
        )
        for each in sorted(contact_ids)
    )
    change = len(contact_ids) if kind is AudienceJoined else -len(contact_ids)
    note(audience, member_count=_audiences.c.member_count + change, changed_at=clock.now())


def note(audience: Audience, **values: object) -> None:
    """Change what the row says about its members, without touching when a person last edited it."""
    statement = sa.update(_audiences).where(_audiences.c.id == audience.id)
    db.session.execute(statement.values(updated_at=_audiences.c.updated_at, **values))
    db.session.expire(audience, list(values))
