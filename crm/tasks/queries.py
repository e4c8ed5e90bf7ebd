"""Questions about tasks; each begins at what the viewer may see."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import joinedload

from crm.contacts.models import Contact
from crm.contacts.queries import scope
from crm.database import db
from crm.lib import clock
from crm.tasks.models import OPEN, Task
from crm.users.models import TeamMember, User
from crm.users.queries import circle_of

Clocks = Callable[[Task], datetime]
PAGE = 50
IS_OPEN = sa.text("contact_tasks.status IN ('pending', 'in_progress')")
IS_DONE = sa.text("contact_tasks.status = 'completed'")
"""The conditions of the indexes on open and on done tasks, word for word, so that these are used."""


@dataclass(frozen=True)
class Page:
    """Some tasks in order, and where the next ones begin."""

    tasks: Sequence[Task]
    after: str | None


def visible_tasks(viewer: User) -> sa.Select[tuple[Task]]:
    """Tasks about contacts the viewer may see, and those the viewer was given, whoever they are about."""
    found = sa.select(Task).options(joinedload(Task.contact), joinedload(Task.assignee))
    found = found.where(Task.deleted_at.is_(None))
    return in_sight(found, viewer)


def deleted_tasks(viewer: User) -> Sequence[Task]:
    """Tasks deleted in the last thirty days, the latest first; at most a hundred."""
    found = sa.select(Task).options(joinedload(Task.contact), joinedload(Task.assignee))
    found = in_sight(found.where(Task.deleted_at.is_not(None)), viewer)
    return db.session.scalars(found.order_by(Task.deleted_at.desc()).limit(100)).all()


def deleted_task(viewer: User, task_id: int) -> Task:
    """The deleted task, if this viewer could see it; else the answer is 404."""
    found = in_sight(sa.select(Task).where(Task.id == task_id, Task.deleted_at.is_not(None)), viewer)
    return db.session.scalar(found) or abort(404)


def chosen_tasks(viewer: User, ids: Iterable[int]) -> Sequence[Task]:
    """Those of `ids` that are tasks this viewer may see; at most two hundred."""
    wanted = sorted({each for each in ids if 0 < each < 2**63})[:200]
    return db.session.scalars(visible_tasks(viewer).where(Task.id.in_(wanted)).order_by(Task.id)).all()


def in_sight(found: sa.Select[Any], viewer: User) -> sa.Select[Any]:
    """Those of the tasks that this viewer may see, deleted ones too."""
    if not viewer.can("crm.contacts.view"):
        return found.where(sa.false())
    if not viewer.sees_assigned_only:
        return found
    of_theirs = sa.select(Contact.id).where(Contact.id == Task.contact_id, scope(viewer)).correlate(Task).exists()
    return found.where(sa.or_(Task.assigned_to == viewer.id, of_theirs))


def visible_task(viewer: User, task_id: int) -> Task:
    """The task, if this viewer may see it; else the answer is 404."""
    return db.session.scalar(visible_tasks(viewer).where(Task.id == task_id)) or abort(404)


def shows_contact(viewer: User, task: Task) -> bool:
    """Whether the viewer may know whom the task is about."""
    if viewer.reach == "all":
        return True
    contact, near = task.contact, circle_of(viewer)
    return contact.owner_id == viewer.id or contact.owner_id in near.people or contact.team_id in near.teams


def task_page(viewer: User, whose: str = "mine", state: str = "open", after: str | None = None) -> Page:
    """A page of tasks: open ones by due day, those without a day last; done ones newest first."""
    found = visible_tasks(viewer).where(belongs_to(viewer, whose))
    return _done_page(found, after) if state == "done" else _open_page(found, after)


def belongs_to(viewer: User, whose: str) -> sa.ColumnElement[bool]:
    """The condition on tasks that are "mine", for "nobody" yet, for the user with this number, for anybody of "team-3", or else anybody's."""
    kind, _, number = whose.rpartition("-")
    if kind == "team" and number.isdecimal() and len(number) < 19:
        return Task.assigned_to.in_(sa.select(TeamMember.user_id).where(TeamMember.team_id == int(number)))
    if whose.isdecimal() and len(whose) < 19:
        return Task.assigned_to == int(whose)
    return {"mine": Task.assigned_to == viewer.id, "nobody": Task.assigned_to.is_(None)}.get(whose, sa.true())


def open_tasks_of(contact_id: int) -> Sequence[Task]:
    """The open tasks of a contact, in order; at most a hundred."""
    found = sa.select(Task).where(Task.contact_id == contact_id, Task.status.in_(OPEN), Task.deleted_at.is_(None))
    order = (Task.due_date.is_(None), Task.due_date, Task.id)
    return in_day_order(db.session.scalars(found.options(joinedload(Task.assignee)).order_by(*order).limit(100)).all())


def open_count(viewer: User, whose: str = "mine") -> int:
    """How many tasks are open of those that are somebody's, as `belongs_to` has it."""
    found = visible_tasks(viewer).where(belongs_to(viewer, whose), Task.status.in_(OPEN))
    return db.session.scalar(found.with_only_columns(sa.func.count(Task.id)).order_by(None)) or 0


def here_of(viewer: User) -> datetime:
    """The present moment on the viewer's clock."""
    return clock.local(clock.now(), viewer.timezone)


def clocks(viewer: User) -> Clocks:
    """What the clock of whom a task is for shows now: its day and time are meant there. The viewer's for nobody's tasks."""
    now = clock.now()
    return lambda task: clock.local(now, (task.assignee or viewer).timezone)


def in_day_order(tasks: Sequence[Task]) -> list[Task]:
    """Tasks by day, those of one day by time, those without a time after them."""
    return sorted(tasks, key=lambda each: (each.due_date or date.max, each.due_time or time.max, each.id))


def _open_page(found: sa.Select[tuple[Task]], after: str | None) -> Page:
    """Dated tasks first; each part walks its index, so that every page costs the same."""
    day, last = _position(after)
    found = found.where(IS_OPEN)
    tasks: list[Task] = []
    if after is None or day:
        dated = found.where(Task.due_date.is_not(None))
        if day:
            dated = dated.where(sa.tuple_(Task.due_date, Task.id) > sa.tuple_(sa.literal(day), sa.literal(last)))
        tasks += db.session.scalars(dated.order_by(Task.due_date, Task.id).limit(PAGE + 1))
    if len(tasks) <= PAGE:
        undated = found.where(Task.due_date.is_(None), Task.id > (0 if day else last))
        tasks += db.session.scalars(undated.order_by(Task.id).limit(PAGE + 1 - len(tasks)))
    return _page(tasks, lambda each: f"{each.due_date or ''}~{each.id}", in_day_order)


def _done_page(found: sa.Select[tuple[Task]], after: str | None) -> Page:
    found = found.where(IS_DONE, Task.completed_at.is_not(None))
    if after and (place := _moment(after)):
        last = sa.tuple_(sa.literal(place[0], Task.completed_at.type), sa.literal(place[1]))
        found = found.where(sa.tuple_(Task.completed_at, Task.id) < last)
    tasks = list(db.session.scalars(found.order_by(Task.completed_at.desc(), Task.id.desc()).limit(PAGE + 1)))
    return _page(tasks, lambda each: f"{_when_done(each)}~{each.id}", list)


def _when_done(task: Task) -> str:
    return task.completed_at.isoformat() if task.completed_at else ""


def _page(tasks: list[Task], place: Callable[[Task], str], order: Callable[[list[Task]], list[Task]]) -> Page:
    shown = tasks[:PAGE]
    return Page(order(shown), place(shown[-1]) if len(tasks) > PAGE else None)


def _position(after: str | None) -> tuple[date | None, int]:
    """Day and id of the last task seen; what cannot be read is the beginning."""
    day, _, number = (after or "").partition("~")
    try:
        return date.fromisoformat(day) if day else None, min(int(number or 0), 2**62)
    except ValueError:
        return None, 0


def _moment(after: str) -> tuple[datetime, int] | None:
    moment, _, number = after.partition("~")
    try:
        found = datetime.fromisoformat(moment)
        return (found, min(int(number), 2**62)) if found.tzinfo else None
    except ValueError:
        return None


def in_groups(tasks: Sequence[Task], here: Clocks) -> list[tuple[str, list[Task]]]:
    """Open tasks as a day is planned: what is late, what is for today, what comes, what has no day."""
    groups: dict[str, list[Task]] = {"Overdue": [], "Today": [], "Later": [], "No day": [], "Done": []}
    for task in tasks:
        groups[_group(task, here(task))].append(task)
    return [(label, some) for label, some in groups.items() if some]


def _group(task: Task, here: datetime) -> str:
    if not task.is_open:
        return "Done"
    if task.due_date is None:
        return "No day"
    return "Overdue" if task.is_overdue(here) else "Today" if task.due_date <= here.date() else "Later"
