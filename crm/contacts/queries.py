"""Questions about contacts; each begins at the viewer's scope."""

from __future__ import annotations

import sqlalchemy as sa

from crm.contacts.models import Contact
from crm.users.models import User


def scope(viewer: User) -> sa.ColumnElement[bool]:
    """The condition every query of contacts goes through: what this viewer may know of."""
    if not viewer.can("crm.contacts.view"):
        return sa.false()
    return Contact.owner_id == viewer.id if viewer.sees_assigned_only else sa.true()


def visible_contacts(viewer: User) -> sa.Select[tuple[Contact]]:
    """The contacts this viewer may see."""
    return sa.select(Contact).where(scope(viewer))
