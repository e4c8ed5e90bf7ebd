"""Questions about reports."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from crm.bounces.models import MailReport
from crm.database import db

HIDDEN = ("once", "confirm")
"""Rows that only keep signatures from being used twice, or ask us something."""


def last_by_source(sources: Sequence[str]) -> dict[str, MailReport]:
    """The newest report of each of these, by an index look-up each in one query."""
    newest = [
        sa.select(sa.func.max(MailReport.id)).where(MailReport.source == each).scalar_subquery() for each in sources
    ]
    ids = [each for each in db.session.execute(sa.select(*newest)).one() if each is not None]
    found = db.session.scalars(sa.select(MailReport).where(MailReport.id.in_(ids)))
    return {each.source: each for each in found}


def newest(limit: int = 20) -> Sequence[MailReport]:
    """The newest reports of all."""
    found = sa.select(MailReport).where(MailReport.kind.not_in(HIDDEN))
    return db.session.scalars(found.order_by(MailReport.id.desc()).limit(limit)).all()
