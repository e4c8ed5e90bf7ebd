"""Finding broadcasts by name."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from flask import url_for

from crm.broadcasts.models import Broadcast
from crm.database import db
from crm.lib.words import best
from crm.users.finding import Finder, Found
from crm.users.models import User


def _find(_viewer: User, text: str, limit: int) -> Sequence[Found]:
    rows = db.session.execute(sa.select(Broadcast.name, Broadcast.id).order_by(Broadcast.id.desc()).limit(2_000)).all()
    found = best(text, ((row.name, row) for row in rows), limit)
    return [Found(row.name, url_for("broadcasts.show", broadcast_id=row.id)) for row in found]


FINDER = Finder("Broadcasts", "send", _find, "crm.broadcasts.view")
