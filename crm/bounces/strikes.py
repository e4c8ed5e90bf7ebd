"""Three bounces for now, and an address is given up: counted anew from the reports each time, so their order does not matter."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa

from crm.bounces.models import MailReport
from crm.database import db, table_of
from crm.delivery.models import Suppression, SuppressionRelease
from crm.delivery.operations import Suppress, suppress_all
from crm.providers.mail_reports import DELIVERED, SOFT

STRIKES = 3
WINDOW = timedelta(days=30)
_QUIET = {"synchronize_session": False}


def settle_strikes(addresses: Collection[str], now: datetime) -> None:
    """Suppress those of these addresses with three messages bounced for now within the window, with no delivery or release
    since; and let go of those that were suppressed for that and, by what was reported since, should not be."""
    wanted = sorted(each for each in addresses if each)
    for start in range(0, len(wanted), 500):
        some = wanted[start : start + 500]
        struck = _struck(some, now)
        suppress_all(
            [Suppress(each, f"Bounced {STRIKES} times.", SOFT, "bounces", last) for each, last in struck.items()]
        )
        spared = Suppression.address.in_([each for each in some if each not in struck])
        mine = sa.delete(Suppression).where(Suppression.channel == "email", Suppression.kind == SOFT, spared)
        db.session.execute(mine.where(Suppression.source == "bounces"), execution_options=_QUIET)


def _struck(addresses: Collection[str], now: datetime) -> dict[str, int]:
    soft, good = table_of(MailReport).alias("soft"), table_of(MailReport).alias("good")
    delivered = sa.select(good.c.id).where(
        good.c.address == soft.c.address, good.c.kind == DELIVERED, good.c.happened_at >= soft.c.happened_at
    )
    released = sa.select(SuppressionRelease.id).where(
        SuppressionRelease.address == soft.c.address, SuppressionRelease.released_at >= soft.c.happened_at
    )
    count = sa.func.count(sa.distinct(soft.c.email_message_id))
    found = (
        sa.select(soft.c.address, sa.func.max(soft.c.email_message_id))
        .where(soft.c.address.in_(addresses), soft.c.kind == SOFT, soft.c.happened_at > now - WINDOW)
        .where(soft.c.email_message_id.is_not(None), ~delivered.exists(), ~released.exists())
        .group_by(soft.c.address)
        .having(count >= STRIKES)
    )
    return dict(db.session.execute(found).all())
