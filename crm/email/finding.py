"""Finding email templates by name."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from flask import url_for

from crm.database import db
from crm.email.models import EmailTemplate
from crm.lib.words import best
from crm.users.finding import Finder, Found
from crm.users.models import User


def _find(_viewer: User, text: str, limit: int) -> Sequence[Found]:
    rows = db.session.execute(sa.select(EmailTemplate.name, EmailTemplate.id)).all()
    found = best(text, ((row.name, row) for row in rows), limit)
    return [Found(row.name, url_for("templates.show", template_id=row.id)) for row in found]


FINDER = Finder("Templates", "template", _find, "crm.broadcasts.view")
