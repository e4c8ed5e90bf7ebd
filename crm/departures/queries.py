"""What somebody has, that others will need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from crm.audiences.models import Audience
from crm.automation.assignments import steps_assigning_to
from crm.contacts.models import Contact
from crm.database import db
from crm.ownership.models import OwnershipRulePerson
from crm.tasks.models import OPEN, Task
from crm.users.models import ApiToken, User
from crm.views.models import ContactView


@dataclass(frozen=True)
class Belongings:
    """How much of each somebody has; workflows by name, each with its id."""

    contacts: int
    tasks: int
    workflows: Sequence[tuple[int, str]]
    views: int
    rules: int
    audiences: int
    tokens: int


def belongings(user: User) -> Belongings:
    """All that somebody has."""
    steps = steps_assigning_to(user.id)
    return Belongings(
        contacts=_count(Contact.owner_id == user.id),
        tasks=_count(Task.assigned_to == user.id, Task.status.in_(OPEN), Task.deleted_at.is_(None)),
        workflows=sorted({(row.workflow_id, row.name) for row in steps}, key=lambda each: each[1]),
        views=_count(ContactView.owner_id == user.id, ContactView.is_shared),
        rules=_count(OwnershipRulePerson.user_id == user.id),
        audiences=_count(Audience.created_by == user.id),
        tokens=_count(ApiToken.user_id == user.id),
    )


def _count(*where: sa.ColumnElement[bool]) -> int:
    return db.session.scalar(sa.select(sa.func.count()).where(*where)) or 0
