"""Questions about saved views."""

from __future__ import annotations

import json

import sqlalchemy as sa
from flask import url_for

from crm.conditions.mentions import Mentioned, Use
from crm.database import db
from crm.users.models import User
from crm.views.models import ContactListChoice, ContactView, ContactViewPin


def views_of(user: User) -> list[ContactView]:
    """The user's own views and those shared with all, by name."""
    seen = sa.or_(ContactView.owner_id == user.id, ContactView.is_shared)
    return list(
        db.session.scalars(sa.select(ContactView).where(seen).order_by(sa.func.lower(ContactView.name), ContactView.id))
    )


def view_of(user: User, view_id: int | None) -> ContactView | None:
    """The view of this id, if the user may see it."""
    found = db.session.get(ContactView, view_id) if view_id else None
    return found if found and (found.is_shared or found.owner_id == user.id) else None


def pinned_by(user: User) -> set[int]:
    """The ids of the views the user has as tabs."""
    return set(db.session.scalars(sa.select(ContactViewPin.view_id).where(ContactViewPin.user_id == user.id)))


def views_with(thing: Mentioned) -> list[Use]:
    """The views whose condition speaks of the thing, by name; other people's private ones without their name."""
    found = db.session.scalars(sa.select(ContactView).order_by(ContactView.name, ContactView.id))
    return [
        Use(f"View “{each.name}”" if each.is_shared else "Somebody’s view", url_for("contact_views.index"))
        for each in found
        if thing.is_in(json.loads(each.query.get("if") or "null"))
    ]


def columns_of(user: User, view: ContactView | None) -> list[str]:
    """The keys of the columns to show; nothing chosen is the empty list."""
    if view is not None and view.columns:
        return list(view.columns)
    choice = db.session.get(ContactListChoice, user.id)
    return list(choice.columns) if choice else []
