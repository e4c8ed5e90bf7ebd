"""Finding workflows by name."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from flask import url_for

from crm.automation.models import STATUSES, Workflow
from crm.database import db
from crm.lib.words import best
from crm.users.finding import Finder, Found
from crm.users.models import User


def _find(_viewer: User, text: str, limit: int) -> Sequence[Found]:
    rows = db.session.execute(sa.select(Workflow.name, Workflow.id, Workflow.status)).all()
    return [
        Found(row.name, url_for("workflows.show", workflow_id=row.id), STATUSES.get(row.status, row.status))
        for row in best(text, ((row.name, row) for row in rows), limit)
    ]


FINDER = Finder("Workflows", "route", _find, "crm.workflows.view")
