"""Saving, pinning and removing views, and choosing columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crm.database import db, insert_new, table_of
from crm.users.models import User
from crm.views.models import ContactListChoice, ContactView, ContactViewPin
from crm.views.queries import views_of

MOST = 200


def save_view(
    user: User, name: str, query: Mapping[str, Any], *, is_shared: bool = False, columns: Sequence[str] = ()
) -> ContactView:
    """A new view of the user's, pinned. Raises ValueError in words."""
    if len(views_of(user)) >= MOST:
        raise ValueError(f"There can be {MOST} views. Delete one that is not needed.")
    view = ContactView(owner_id=user.id, query=dict(query), columns=list(columns))
    change_view(view, name, is_shared=is_shared)
    db.session.add(view)
    db.session.flush()
    pin_view(user, view)
    return view


def change_view(view: ContactView, name: str, *, is_shared: bool) -> None:
    """Rename it, share it or keep it to oneself. Raises ValueError in words."""
    name = " ".join(name.split())
    if not 0 < len(name) <= 60:
        raise ValueError("Give the view a name of up to 60 characters.")
    view.name, view.is_shared = name, is_shared


def pin_view(user: User, view: ContactView) -> None:
    """Give the user the view as a tab."""
    pins = table_of(ContactViewPin)
    insert_new(pins, [{"user_id": user.id, "view_id": view.id}], returning=pins.c.view_id)


def unpin_view(user: User, view: ContactView) -> None:
    """Take the tab away; the view stays."""
    mine = ContactViewPin.user_id == user.id, ContactViewPin.view_id == view.id
    db.session.execute(sa.delete(ContactViewPin).where(*mine))


def delete_view(view: ContactView) -> None:
    """Remove the view for everybody. Contacts are not touched."""
    db.session.delete(view)
    db.session.flush()


def choose_columns(user: User, view: ContactView | None, columns: Sequence[str]) -> None:
    """Show these columns: in the view, if the user may change it, else wherever a view has none of its own."""
    if view is not None and view.is_changeable_by(user):
        view.columns = list(columns)
    else:
        db.session.merge(ContactListChoice(user_id=user.id, columns=list(columns)))
    db.session.flush()
