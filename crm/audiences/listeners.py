"""Noting who may belong elsewhere, because something happened to them."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from crm.activity.models import Fact
from crm.activity.vocabulary import AudienceJoined, AudienceLeft
from crm.audiences.models import DYNAMIC, Audience, AudienceTouch
from crm.audiences.references import audiences_in
from crm.database import after_commit, db, insert_new, table_of
from crm.queue import nudge

OWN = {AudienceJoined.kind, AudienceLeft.kind}
_touch = table_of(AudienceTouch)


def touch(activities: Sequence[Fact]) -> None:
    """Note these contacts, to be looked at again soon; joining and leaving only matter where audiences depend on audiences."""
    conditions = db.session.scalars(sa.select(Audience.condition).where(Audience.kind == DYNAMIC)).all()
    if conditions and not any(audiences_in(each) for each in conditions):
        activities = [each for each in activities if each.activity_type not in OWN]
    if not conditions or not activities:
        return
    depths = {each.contact_id: each.depth for each in sorted(activities, key=lambda each: each.depth)}
    rows = [{"contact_id": contact_id, "depth": depth} for contact_id, depth in sorted(depths.items())]
    insert_new(_touch, rows, returning=_touch.c.contact_id)
    after_commit(nudge, "settle_audiences")
