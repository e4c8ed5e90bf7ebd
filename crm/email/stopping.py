"""Asking once more, in the transaction that marks messages as being sent, whether somebody has stopped them since the claim."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from crm.database import db, table_of
from crm.email.lanes import ORDINARY
from crm.email.models import EmailLane
from crm.health import hold

_lanes = table_of(EmailLane)


def stopped(lane_ids: Collection[int]) -> set[int]:
    """Those of these lanes nothing more is to go from: somebody holds them, or everything."""
    if hold.current() is not None:
        return {*lane_ids}
    held = sa.select(_lanes.c.id).where(_lanes.c.id.in_(lane_ids), _lanes.c.is_held)
    return {*db.session.scalars(held)} if {*lane_ids} - {ORDINARY} else set()
