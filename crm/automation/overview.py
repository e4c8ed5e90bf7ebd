"""The list of workflows: each with what starts it, and how many of its contacts are where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zlib import crc32

import sqlalchemy as sa

from crm.automation import queries
from crm.automation.models import STATUSES, Version, Workflow
from crm.automation.queries import Counts
from crm.automation.types import TRIGGERS
from crm.database import db

PAGE = 50


@dataclass(frozen=True)
class Row:
    """A workflow in the list."""

    workflow: Workflow
    starts: str
    has_draft: bool
    counts: Counts


@dataclass(frozen=True)
class Page:
    """A part of the list; `next` leads to the older ones."""

    rows: list[Row]
    next: str | None

    @property
    def mark(self) -> str:
        """Changes when anything that is shown does."""
        shown = [(each.workflow.id, each.workflow.name, each.workflow.status, each) for each in self.rows]
        return str(crc32(repr(shown).encode()))


def page(status: str | None, after: str = "") -> Page:
    """Workflows by newest change; without a status all that are not archived."""
    found = sa.select(Workflow).order_by(Workflow.updated_at.desc(), Workflow.id.desc()).limit(PAGE + 1)
    found = found.where(Workflow.status == status) if status else found.where(Workflow.status != "archived")
    key = _key(after)
    if key:
        found = found.where(sa.tuple_(Workflow.updated_at, Workflow.id) < sa.tuple_(*key))
    workflows = db.session.scalars(found).all()
    shown = workflows[:PAGE]
    more = f"{shown[-1].updated_at.isoformat()}~{shown[-1].id}" if len(workflows) > PAGE else None
    return Page(_rows(shown), more)


def numbers() -> dict[str, int]:
    """How many workflows have each status."""
    rows = db.session.execute(sa.select(Workflow.status, sa.func.count().label("n")).group_by(Workflow.status))
    found: dict[str, int] = {row.status: row.n for row in rows}
    return {status: found.get(status, 0) for status in STATUSES}


def _rows(workflows: Sequence[Workflow]) -> list[Row]:
    counts = queries.counts_of([each.id for each in workflows])
    versions = _newest_versions([each.id for each in workflows])
    return [
        Row(each, _starts(versions[each.id]), versions[each.id].published_at is None, counts[each.id])
        for each in workflows
    ]


def _newest_versions(workflow_ids: Sequence[int]) -> dict[int, Version]:
    """The newest version of each: the draft, if there is one."""
    found = sa.select(Version).where(Version.workflow_id.in_(workflow_ids)).order_by(Version.number)
    return {version.workflow_id: version for version in db.session.scalars(found)}


def _starts(version: Version) -> str:
    trigger = TRIGGERS.get(version.trigger_type or "")
    return trigger.summary(version.trigger_conditions) if trigger else "Nothing starts it yet"


def _key(text: str) -> tuple[sa.ColumnElement[datetime], int] | None:
    """The place in the list an address names; None for anything else."""
    moment, _, number = text.partition("~")
    try:
        return sa.bindparam(None, datetime.fromisoformat(moment).astimezone(UTC), Workflow.updated_at.type), int(number)
    except (ValueError, OverflowError):
        return None
