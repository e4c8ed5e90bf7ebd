"""Keeping dynamic audiences true: everyone every few minutes, and soon those to whom something happened.

Who has to join or leave is found without a write lock; each batch of five hundred is then asked once more in the transaction
that changes it, so that whatever runs beside it, members are those whom the condition is true of.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from crm.audiences.membership import BY_CONDITION, CHUNK, join, members_among, note, settle
from crm.audiences.models import DYNAMIC, Audience, AudienceMember, AudienceTouch
from crm.conditions.compiler import compile_condition
from crm.conditions.queries import matching_ids
from crm.conditions.reading import validate
from crm.contacts.models import Contact
from crm.database import after_commit, commit, db, reading, table_of
from crm.lib import clock
from crm.queue import nudge

EVERY = timedelta(minutes=5)
MANY = 10_000
"""When something happened to more contacts than this, everyone is looked at."""
_member, _contact, _touch = table_of(AudienceMember), table_of(Contact), table_of(AudienceTouch)
Goes = Callable[[], bool]


def refresh_due(now: datetime | None = None, goes_on: Goes = lambda: True) -> bool:
    """Look at all members of the audiences that are due, oldest first, while it `goes_on`. Whether all was done."""
    at = now or clock.now()
    with reading():
        due = db.session.scalars(sa.select(Audience.id).where(Audience.due_at <= at).order_by(Audience.due_at)).all()
    return all(goes_on() and refresh(each, now, goes_on) for each in due)


def refresh(audience_id: int, now: datetime | None = None, goes_on: Goes = lambda: True) -> bool:
    """Let everyone join and leave who has to. Whether it came to its end; if not, the next time goes on from there."""
    at = now or clock.now()
    with reading():
        audience = _fresh(audience_id)
        ids = _differing(audience, at) if audience else []
    for start in range(0, len(ids), CHUNK):
        if not goes_on():
            return False
        if audience := _fresh(audience_id):
            _change(audience, ids[start : start + CHUNK], now)
        commit()
    _finish(audience_id, at)
    commit()
    return True


def _fresh(audience_id: int) -> Audience | None:
    """The audience as it is now; people edit it between two batches."""
    return db.session.get(Audience, audience_id, populate_existing=True)


def _differing(audience: Audience, at: datetime) -> Sequence[int]:
    """The contacts whose membership is not as it should be."""
    if audience.copies_id:
        return db.session.scalars(_missing(audience)).all()
    if not is_sound(audience):
        return []
    matches = compile_condition(audience.condition, at)
    member = sa.select(_member.c.contact_id).where(_member.c.audience_id == audience.id)
    is_member = member.where(_member.c.contact_id == _contact.c.id).correlate(_contact).exists()
    new = sa.select(_contact.c.id).where(matches, ~is_member)
    gone = sa.select(_contact.c.id).where(_contact.c.id.in_(member), matches.is_not(sa.true()))
    return sorted([*db.session.scalars(new), *db.session.scalars(gone)])


def is_sound(audience: Audience) -> bool:
    """Whether it is dynamic and its condition can be understood."""
    return audience.is_dynamic and not validate(audience.condition)


def _missing(audience: Audience) -> sa.Select[tuple[int]]:
    """The members of the audience it is a copy of who are not here yet."""
    here = sa.select(_member.c.contact_id).where(_member.c.audience_id == audience.id)
    wanted = sa.select(_member.c.contact_id).where(_member.c.audience_id == audience.copies_id)
    return wanted.where(_member.c.contact_id.not_in(here)).order_by(_member.c.contact_id)


def _change(audience: Audience, ids: Sequence[int], now: datetime | None) -> None:
    if audience.copies_id:
        source = db.session.get(Audience, audience.copies_id)
        join(audience, members_among(source, ids) if source else (), BY_CONDITION)
    elif is_sound(audience):
        settle(audience, ids, now)


def _finish(audience_id: int, at: datetime) -> None:
    """Note that all were looked at, unless it was edited meanwhile and is due anew. A count that drifted is set right."""
    counting = sa.select(sa.func.count()).where(_member.c.audience_id == audience_id)
    with reading():
        counted = db.session.scalar(counting)
    audience = _fresh(audience_id)
    if audience is None or audience.due_at > at:
        return
    if audience.member_count != counted:
        note(audience, member_count=counting.scalar_subquery())
    moment = at if is_sound(audience) else audience.refreshed_at
    note(audience, refreshed_at=moment, due_at=at + EVERY, copies_id=None)


def settle_touched(now: datetime | None = None) -> bool:
    """Look again at up to five hundred contacts something happened to. Whether there were any.

    They are taken off the list first: a crash between that and the change is healed when everyone is looked at.
    """
    depths = _take()
    commit()
    if not depths:
        return False
    ids = sorted(depths)
    with reading():
        dynamic = [each for each in db.session.scalars(_dynamic()) if is_sound(each)]
        changed = {each.id: found for each in dynamic if (found := _misplaced(each, ids, now))}
    for audience_id, found in changed.items():
        if audience := _fresh(audience_id):
            settle(audience, sorted(found), now, depths)
        commit()
    return True


def _misplaced(audience: Audience, ids: Sequence[int], now: datetime | None) -> set[int]:
    return matching_ids(audience.condition, ids, now) ^ members_among(audience, ids)


def _dynamic() -> sa.Select[tuple[Audience]]:
    return sa.select(Audience).where(Audience.kind == DYNAMIC).order_by(Audience.id)


def _take() -> dict[int, int]:
    """Contacts to look at again, with the depth of what happened; none, and everyone is due, when they are too many."""
    if _touched(MANY + 1) > MANY:
        db.session.execute(sa.delete(_touch))
        audiences = table_of(Audience)
        everyone = sa.update(audiences).where(audiences.c.kind == DYNAMIC)
        db.session.execute(everyone.values(due_at=clock.now(), updated_at=audiences.c.updated_at))
        after_commit(nudge, "refresh_audiences")
        return {}
    some = sa.select(_touch.c.contact_id).limit(CHUNK)
    taken = sa.delete(_touch).where(_touch.c.contact_id.in_(some)).returning(_touch.c.contact_id, _touch.c.depth)
    return dict(db.session.execute(taken).all())


def _touched(most: int) -> int:
    some = sa.select(_touch.c.contact_id).limit(most).subquery()
    return db.session.scalar(sa.select(sa.func.count()).select_from(some)) or 0
