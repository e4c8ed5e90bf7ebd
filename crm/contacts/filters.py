"""The filters of the contact list that contacts themselves offer."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from crm.contacts import fieldset
from crm.contacts.listing import Choice, Filter
from crm.contacts.models import Contact

NOBODY = "none"


def _stages() -> list[Choice]:
    return [Choice(key, label) for key, label in fieldset.stages()]


def _owners() -> list[Choice]:
    return [Choice(NOBODY, "Nobody"), *(Choice(key, name) for key, name in fieldset.owners())]


def _has_owner(values: Sequence[str]) -> sa.ColumnElement[bool]:
    ids = [int(each) for each in values if each.isascii() and each.isdigit() and len(each) < 19]
    wanted = [Contact.owner_id.in_(ids)] if ids else []
    if NOBODY in values:
        wanted.append(Contact.owner_id.is_(None))
    return sa.or_(*wanted) if wanted else sa.false()


STAGE = Filter("stage", "Stage", "target", _stages, lambda values: Contact.lifecycle_stage.in_(values))
OWNER = Filter("owner", "Owner", "user", _owners, _has_owner, is_for=lambda viewer: not viewer.sees_assigned_only)
