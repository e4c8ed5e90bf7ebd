"""Rules for owners, and who is away."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.database import Identified, Model, Timestamped, reference
from crm.users.models import Team, User


class OwnershipRule(Identified, Timestamped, Model):
    """New contacts from this country, city and source (empty means any), of whom the condition is true, go to these people, or to those of a
    team, in turn. The lowest position counts first."""

    __tablename__ = "ownership_rules"

    name: Mapped[str] = mapped_column(sa.String(120))
    position: Mapped[int] = mapped_column(default=0)
    country: Mapped[str | None] = mapped_column(sa.String(2))
    city: Mapped[str | None] = mapped_column(sa.String(120))
    source: Mapped[str | None] = mapped_column(sa.String(120))
    condition: Mapped[dict[str, Any] | None]
    team_id: Mapped[int | None] = reference("teams.id", on_delete="SET NULL")
    last_user_id: Mapped[int | None] = reference("users.id", on_delete="SET NULL")
    """Whose turn it was last."""

    people: Mapped[list[User]] = relationship(secondary="ownership_rule_people", order_by=User.id)
    team: Mapped[Team | None] = relationship()

    @property
    def takers(self) -> list[User]:
        """Those who take turns: the people named, and whoever is in the team now."""
        return sorted({*self.people, *(self.team.members if self.team else ())}, key=lambda each: each.id)


class OwnershipRulePerson(Model):
    """Somebody takes part in a rule."""

    __tablename__ = "ownership_rule_people"

    rule_id: Mapped[int] = reference("ownership_rules.id", on_delete="CASCADE", primary_key=True)
    user_id: Mapped[int] = reference("users.id", on_delete="CASCADE", primary_key=True, index=True)


class Absence(Model):
    """Somebody is away and gets no new contacts until the day after `last_on`, on the school's calendar."""

    __tablename__ = "absences"

    user_id: Mapped[int] = reference("users.id", on_delete="CASCADE", primary_key=True)
    last_on: Mapped[date]

    user: Mapped[User] = relationship()
