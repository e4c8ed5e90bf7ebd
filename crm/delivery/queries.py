"""Questions about suppressed addresses."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from crm.database import db
from crm.delivery.models import Suppression


def suppressed_among(addresses: Collection[str], channel: str = "email") -> dict[str, str]:
    """Those of these addresses nothing may be sent to, each with the reason."""
    wanted = {each.lower() for each in addresses}
    if not wanted:
        return {}
    found = sa.select(Suppression.address, Suppression.reason)
    return dict(db.session.execute(found.where(Suppression.channel == channel, Suppression.address.in_(wanted))).all())
