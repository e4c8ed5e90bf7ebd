"""What activities do to workflows: they wake those who wait for them, reach goals, and start new runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from crm.activity.models import Fact
from crm.activity.vocabulary import Activity
from crm.automation.enrolling import Entry, end, enroll_entries
from crm.automation.models import UNDER_WAY, Enrollment, Version, Workflow
from crm.automation.types import TRIGGER_TYPES, TRIGGERS
from crm.database import after_commit, db, table_of
from crm.lib import clock
from crm.lib.bulk import among
from crm.queue import nudge

STARTING: tuple[type[Activity], ...] = tuple(
    dict.fromkeys(activity for trigger in TRIGGER_TYPES for activity in trigger.activities)
)
"""The activities that some trigger means."""

_enrollments = table_of(Enrollment)


def wake_waiting(activities: Sequence[Fact]) -> None:
    """Let those go on who wait for one of these, if it came after they began to wait and before their time ran out."""
    waiting = _waiting({each.contact_id for each in activities})
    happened: dict[tuple[int, str | None], list[Fact]] = defaultdict(list)
    for each in activities if waiting else ():
        happened[each.contact_id, each.activity_type].append(each)
    woken = [
        {"of": row.id, "event": event.id}
        for row in waiting
        if (event := _in_time(happened[row.contact_id, row.waiting_for], row))
    ]
    if woken:
        statement = sa.update(_enrollments).where(_enrollments.c.id == sa.bindparam("of"))
        moment = {"next_action_at": clock.now(), "event_id": sa.bindparam("event")}
        db.session.connection().execute(statement.values(moment), woken)
        after_commit(nudge, "process_enrollments")


def _waiting(contact_ids: set[int]) -> Sequence[sa.Row[tuple[int, int, str, object, object]]]:
    e = _enrollments.c
    return db.session.execute(
        sa.select(e.id, e.contact_id, e.waiting_for, e.arrived_at, e.next_action_at)
        .where(
            among(e.contact_id, sorted(contact_ids)),
            e.waiting_for.is_not(None),
            e.event_id.is_(None),
            e.status.in_(UNDER_WAY),
        )
        .with_for_update()
    ).all()


def _in_time(events: Sequence[Fact], waiting: sa.Row) -> Fact | None:
    return next((each for each in events if waiting.arrived_at <= each.created_at <= waiting.next_action_at), None)


def reach_goals(activities: Sequence[Fact]) -> None:
    """End the runs whose goal one of these is, and count them as converted."""
    for workflow, goal in _running(Version.goal):
        if reached := {each.contact_id for each in activities if each.activity_type == (goal or {}).get("event")}:
            _reach(workflow, reached)


def _reach(workflow: Workflow, contact_ids: set[int]) -> None:
    runs = sa.select(Enrollment.id).where(
        Enrollment.workflow_id == workflow.id, Enrollment.contact_id.in_(contact_ids), Enrollment.status.in_(UNDER_WAY)
    )
    if number := end(runs.with_for_update(), "Goal reached"):
        total = Workflow.total_converted + number
        db.session.execute(sa.update(Workflow).where(Workflow.id == workflow.id).values(total_converted=total))


def start_workflows(activities: Sequence[Fact]) -> None:
    """Enroll the contacts of these activities in every running workflow whose trigger means them."""
    for workflow, version in _running(Version):
        trigger = TRIGGERS.get(version.trigger_type or "")
        kinds = {each.kind for each in trigger.activities} if trigger else set()
        heard = [each for each in activities if each.activity_type in kinds]
        meant = trigger.meant(version.trigger_conditions, heard) if trigger and heard else []
        entries = [Entry(each.contact_id, each.id, each.depth + 1) for each in meant]
        if entries:
            enroll_entries(workflow, entries)


def _running(what: object) -> Iterator[tuple[Workflow, object]]:
    found = sa.select(Workflow, what).join(Version, Version.id == Workflow.published_id)
    yield from db.session.execute(found.where(Workflow.status == "active").order_by(Workflow.id)).all()
