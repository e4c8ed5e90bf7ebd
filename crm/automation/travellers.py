"""Contacts on their way, as the engine holds them in memory: read in one query, written back by `record`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.activity.vocabulary import Actor
from crm.automation.decisions import Decision
from crm.automation.effects import Deed
from crm.automation.enrolling import ARCHIVED, actor_of, end
from crm.automation.models import Enrollment, StepLog, Workflow
from crm.automation.view import COLUMNS, FACTS, View
from crm.contacts.models import Contact
from crm.database import db, table_of

NO_ZONE = "UTC"
_enrollments, _workflows, _contacts = table_of(Enrollment), table_of(Workflow), table_of(Contact)


@dataclass(slots=True)
class Visit:
    """One visit to one step, on its way into the log. `is_kept` visits are in the log already, waiting."""

    step_id: int
    number: int
    arrived_at: datetime
    is_kept: bool = False
    status: str = "pending"
    result: dict[str, Any] = field(default_factory=dict)
    left_at: datetime | None = None
    error: str | None = None


@dataclass(slots=True)
class Traveller:
    """An enrollment while it is being moved."""

    id: int
    workflow_id: int
    version_id: int
    step_id: int | None
    visit_no: int
    arrived_at: datetime | None
    waiting_for: str | None
    event_id: int | None
    deadline: datetime
    workflow_name: str
    actor: Actor
    view: View
    contact_id: int
    status: str = "active"
    next_action_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str | None = None
    is_moving: bool = True
    visits: list[Visit] = field(default_factory=list)

    def arrive(self, now: datetime, zone: str) -> None:
        """Begin a visit, or come back to the one that was interrupted by a wait."""
        is_back = self.arrived_at is not None
        if not is_back:
            self.visit_no += 1
            self.arrived_at = now
        view = self.view
        view.arrived_at, view.zone, view.has_event, view.holds = self.arrived_at, zone, self.event_id is not None, False
        assert self.step_id is not None
        self.visits.append(Visit(self.step_id, self.visit_no, self.arrived_at, is_back))

    def deeds(self, step_id: int, decision: Decision) -> list[Deed]:
        """The effects of a decision, each tied to this visit."""
        visit = self.visits[-1]
        return [
            Deed(effect, self.contact_id, self.id, step_id, self.visit_no, self.actor, visit.result)
            for effect in decision.effects
        ]

    def leave(self, step_id: int | None, decision: Decision, now: datetime, branch: str | None = None) -> None:
        """Done here: on to that step, or to the end."""
        self._close("completed", decision.why, now)
        if branch:
            self.visits[-1].result["branch"] = branch
        self.step_id = step_id
        if step_id is None:
            self.complete(now)

    def rest(self, decision: Decision, until: datetime, event_type: str | None = None) -> None:
        """Stay here until that moment, or until the event."""
        visit = self.visits[-1]
        visit.result.update(why=decision.why, until=until.isoformat())
        self.next_action_at, self.waiting_for, self.is_moving = until, event_type, False

    def complete(self, now: datetime) -> None:
        """The end is reached."""
        self._end("completed", None, now)

    def exit(self, decision: Decision, now: datetime) -> None:
        """Out of the workflow."""
        self._close("completed", decision.why, now)
        self._end("exited", decision.go.reason, now)

    def fail(self, reason: str, now: datetime) -> None:
        """Stop here until a person has looked."""
        self._close("failed", reason, now)
        self.visits[-1].error = reason
        self._end("failed", reason, now)

    def lose_way(self, now: datetime) -> None:
        """The step to go to is not there."""
        self._end("failed", "The step does not exist any more", now)

    def _close(self, status: str, why: str, now: datetime) -> None:
        visit = self.visits[-1]
        visit.status, visit.left_at, visit.result["why"] = status, now, why
        if self.event_id is not None:
            visit.result["event_id"] = self.event_id
        self.arrived_at = self.waiting_for = self.event_id = None

    def _end(self, status: str, reason: str | None, now: datetime) -> None:
        self.status, self.reason, self.ended_at = status, reason and reason[:255], now
        self.is_moving, self.next_action_at = False, None


def due(now: datetime, limit: int, only: Sequence[int] | None = None) -> list[Traveller]:
    """Those whose moment has come, the longest due first, locked for this transaction. Those of a workflow that is not
    active are held or ended instead."""
    rows = db.session.execute(_due(now, limit, only)).all()
    found = [_traveller(row) for row in rows if row.workflow_status == "active"]
    if len(found) < len(rows):
        _hold(rows)
        if not found:
            return due(now, limit, only)
    _find_events([each for each in found if each.waiting_for and each.event_id is None])
    return found


def _due(now: datetime, limit: int, only: Sequence[int] | None) -> sa.Select[Any]:
    e = _enrollments.c
    found = (
        sa.select(
            e.id, e.workflow_id, e.version_id, e.contact_id, e.current_step_id, e.visit_no, e.arrived_at, e.waiting_for,
            e.event_id, e.next_action_at, e.depth, e.enrolled_at, _workflows.c.name.label("workflow_name"),
            _workflows.c.status.label("workflow_status"), *COLUMNS,
        )
        .join(_workflows, _workflows.c.id == e.workflow_id)
        .join(_contacts, _contacts.c.id == e.contact_id)
        .where(e.status == "active", e.next_action_at <= now)
    )  # fmt: skip
    if only is not None:
        found = found.where(e.id.in_(only))
    ordered = found.order_by(e.next_action_at, e.id).limit(limit)
    return ordered.with_for_update(of=_enrollments, skip_locked=True)


def _traveller(row: sa.Row[Any]) -> Traveller:
    (number, workflow_id, version_id, contact_id, step_id, visit_no, arrived_at, waiting_for, event_id, deadline, depth,
     enrolled_at, name, _status, owner_id, *facts) = row  # fmt: skip
    view = View(contact_id, owner_id, dict(zip(FACTS, facts, strict=True)), enrolled_at, NO_ZONE, enrolled_at)
    return Traveller(
        number, workflow_id, version_id, step_id, visit_no, arrived_at, waiting_for, event_id, deadline,
        name, actor_of(name, depth), view, contact_id,
    )  # fmt: skip


def _hold(rows: Sequence[sa.Row[Any]]) -> None:
    """Those of a paused workflow wait until it runs again; those of an archived one end."""
    held = [row.id for row in rows if row.workflow_status == "paused"]
    ended = [row.id for row in rows if row.workflow_status == "archived"]
    if held:
        db.session.execute(sa.update(_enrollments).where(_enrollments.c.id.in_(held)).values(status="paused"))
    if ended:
        end(sa.select(Enrollment.id).where(Enrollment.id.in_(ended)), ARCHIVED)


def _find_events(waiting: Sequence[Traveller]) -> None:
    """At the deadline the log is asked itself, so that an event in time counts though nobody was told of it yet."""
    for start in range(0, len(waiting), 500):
        some = waiting[start : start + 500]
        happened = _events(some)
        for each in some:
            in_time = [
                number
                for at, number in happened.get((each.contact_id, each.waiting_for), ())
                if each.arrived_at <= at <= each.deadline
            ]
            each.event_id = min(in_time, default=None)


def _events(waiting: Sequence[Traveller]) -> dict[tuple[int, str | None], list[tuple[datetime, int]]]:
    log = ContactActivity
    rows = db.session.execute(
        sa.select(log.contact_id, log.activity_type, log.created_at, log.id).where(
            log.contact_id.in_({each.contact_id for each in waiting}),
            log.activity_type.in_({each.waiting_for for each in waiting}),
            log.created_at >= min(each.arrived_at for each in waiting if each.arrived_at),
        )
    )
    found: dict[tuple[int, str | None], list[tuple[datetime, int]]] = {}
    for contact_id, kind, at, number in rows:
        found.setdefault((contact_id, kind), []).append((at, number))
    return found


def going_round(group: Iterable[Traveller], limit: int, now: datetime) -> set[int]:
    """The enrollments that came to this step more than `limit` times within a day. Asked of those only who walked far enough."""
    far = {each.id: each for each in group if each.visit_no > limit}
    if not far:
        return set()
    step_id = next(iter(far.values())).step_id
    rows = db.session.execute(
        sa.select(StepLog.enrollment_id, sa.func.count())
        .where(StepLog.enrollment_id.in_(far), StepLog.step_id == step_id, StepLog.created_at > now - timedelta(days=1))
        .group_by(StepLog.enrollment_id)
    )
    logged: dict[int, int] = dict(rows.all())
    fresh = {
        number: sum(visit.step_id == step_id and not visit.is_kept for visit in each.visits)
        for number, each in far.items()
    }
    return {number for number in far if logged.get(number, 0) + fresh[number] > limit}
