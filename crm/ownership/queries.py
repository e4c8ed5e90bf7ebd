"""Questions about rules and absences."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa
from flask import current_app

from crm.contacts.models import Contact
from crm.database import db
from crm.lib import clock
from crm.ownership.models import Absence, OwnershipRule
from crm.users.models import User


def rules() -> Sequence[OwnershipRule]:
    """Every rule, the one that counts first on top."""
    return db.session.scalars(sa.select(OwnershipRule).order_by(OwnershipRule.position, OwnershipRule.id)).all()


def absences() -> Sequence[Absence]:
    """Who is away today or will be."""
    away = sa.select(Absence).join(Absence.user).where(Absence.last_on >= today()).order_by(User.name)
    return db.session.scalars(away).all()


def away_ids() -> set[int]:
    """The users who get no new contacts today."""
    return {each.user_id for each in absences()}


def owned_count(user_id: int) -> int:
    """How many contacts this user looks after."""
    return db.session.scalar(sa.select(sa.func.count()).where(Contact.owner_id == user_id)) or 0


def today() -> date:
    """The day on the school's calendar."""
    return clock.local(clock.now(), current_app.config["TIMEZONE"]).date()
