"""Tasks seen together: the columns of the board, the day ahead, who has how much, and how quickly tasks are done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa

from crm.database import db
from crm.lib import clock
from crm.tasks.models import OPEN, Task
from crm.tasks.queries import IS_DONE, IS_OPEN, belongs_to, in_day_order, in_sight, visible_tasks
from crm.users.models import User

COLUMN = 50
RECENT = timedelta(days=14)
PERIOD = timedelta(days=30)
TARGET = timedelta(hours=24)
COLUMNS = {"pending": "To do", "in_progress": "In progress", "completed": "Done"}


@dataclass(frozen=True)
class Column:
    """A column of the board; `has_more` when it holds more than is shown."""

    status: str
    label: str
    tasks: Sequence[Task]
    has_more: bool


@dataclass(frozen=True)
class Load:
    """What one person (None: nobody yet) has open, and how much of it is late."""

    user: User | None
    open: int
    overdue: int


@dataclass(frozen=True)
class ResponseTime:
    """How long tasks took from being made to being done, over the last thirty days."""

    count: int
    average: timedelta
    in_time: int
    """How many took less than a day."""

    @property
    def share(self) -> int:
        return round(100 * self.in_time / self.count)


def board(viewer: User, whose: str, now: datetime) -> list[Column]:
    """The columns: open tasks by due day, those without a day last; done ones of the last two weeks, newest first."""
    found = visible_tasks(viewer).where(belongs_to(viewer, whose))
    recent = found.where(IS_DONE, Task.completed_at > now - RECENT).order_by(Task.completed_at.desc(), Task.id.desc())
    queries = {status: _open(found, status) for status in OPEN} | {"completed": recent}
    return [_column(status, label, queries[status]) for status, label in COLUMNS.items()]


def due_by(viewer: User, today: date, limit: int = 30) -> list[Task]:
    """The viewer's own open tasks that are late or for today."""
    mine = visible_tasks(viewer).where(Task.assigned_to == viewer.id, Task.status.in_(OPEN), Task.due_date <= today)
    return in_day_order(db.session.scalars(mine.order_by(Task.due_date, Task.id).limit(limit)).all())


def workload(viewer: User, now: datetime) -> list[Load]:
    """Who has how many open tasks, and how many of a day that is over where they are, among those the viewer may see; most late ones first."""
    today = now.astimezone(UTC).date()
    days = [today + timedelta(days=each) for each in (-1, 0, 1)]  # it is one of these everywhere
    late = (sa.func.sum(sa.case((Task.due_date < day, 1), else_=0)) for day in days)
    counted = in_sight(sa.select(Task.assigned_to, sa.func.count(), *late), viewer)
    rows = db.session.execute(counted.where(IS_OPEN, Task.deleted_at.is_(None)).group_by(Task.assigned_to)).all()
    users = {each.id: each for each in db.session.scalars(sa.select(User).where(User.id.in_([row[0] for row in rows])))}
    loads = [_load(users.get(row[0]), row[1], dict(zip(days, row[2:], strict=True)), viewer, now) for row in rows]
    return sorted(loads, key=lambda each: (-each.overdue, -each.open, each.user.name if each.user else ""))


def _load(user: User | None, total: int, late_by: dict[date, int], viewer: User, now: datetime) -> Load:
    return Load(user, total, late_by[clock.local(now, (user or viewer).timezone).date()])


def response_time(viewer: User, now: datetime, whose: str = "all") -> ResponseTime | None:
    """How quickly the tasks the viewer may see were done; None when none was done."""
    took = sa.extract("epoch", Task.completed_at) - sa.extract("epoch", Task.created_at)
    quick = sa.func.sum(sa.case((took <= TARGET.total_seconds(), 1), else_=0))
    numbers = in_sight(sa.select(sa.func.count(), sa.func.avg(took), quick).select_from(Task), viewer)
    numbers = numbers.where(IS_DONE, Task.completed_at > now - PERIOD, Task.deleted_at.is_(None))
    numbers = numbers.where(belongs_to(viewer, whose))
    count, average, in_time = db.session.execute(numbers).one()
    return ResponseTime(count, timedelta(seconds=float(average)), in_time) if count else None


def _open(found: sa.Select[tuple[Task]], status: str) -> sa.Select[tuple[Task]]:
    return found.where(IS_OPEN, Task.status == status).order_by(Task.due_date.is_(None), Task.due_date, Task.id)


def _column(status: str, label: str, found: sa.Select[tuple[Task]]) -> Column:
    tasks = list(db.session.scalars(found.limit(COLUMN + 1)))
    shown = tasks[:COLUMN]
    return Column(status, label, shown if status == "completed" else in_day_order(shown), len(tasks) > COLUMN)
