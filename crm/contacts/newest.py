"""The newest contacts, for the page one lands on. This view belongs to the blueprint of `routes`."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from flask import Response, url_for
from flask_login import current_user

from crm.contacts.models import Contact
from crm.contacts.queries import visible_contacts
from crm.contacts.routes import bp
from crm.database import db
from crm.lib import clock
from crm.lib.htmx import piece
from crm.users.access import requires

SHOWN = 6
MOST = 999


@bp.get("/newest")
@requires("crm.contacts.view")
def newest() -> Response:
    """The newest contacts this viewer may see, and how many came within a week."""
    mine = visible_contacts(current_user)
    contacts = db.session.scalars(mine.order_by(Contact.created_at.desc(), Contact.id.desc()).limit(SHOWN)).all()
    week = (
        mine.where(Contact.created_at > clock.now() - timedelta(days=7)).with_only_columns(Contact.id).limit(MOST + 1)
    )
    count = db.session.scalar(sa.select(sa.func.count()).select_from(week.subquery()))
    return piece(
        "contacts/_newest.html", "New contacts", url_for("home.index"), contacts=contacts, count=count, most=MOST
    )
