"""The engine: takes the contacts that are due, asks their steps, carries out what was decided and moves them on.

A batch is one transaction: its effects, its step log and the new places exist together or not at all, so whatever is
killed at whatever moment, each visit to a step takes effect once. Contacts move in rounds, one step each, grouped by step.
A batch that fails is halved until the contact that spoils it stands alone; that one fails with the reason, the others go on.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from flask import current_app

from crm.automation import breaker, effects, record, travellers
from crm.automation.decisions import Branch, Decision, Exit, Fail, GoTo, Next, WaitFor, WaitUntil
from crm.automation.enrolling import end
from crm.automation.models import Enrollment
from crm.automation.plan import PlannedStep, plan_of
from crm.automation.travellers import Traveller
from crm.conditions.queries import matching_ids
from crm.database import commit, db, rollback
from crm.health import hold
from crm.lib import clock

log = logging.getLogger(__name__)

BATCH = 500
STEPS_PER_PASS = 50
"""Steps one contact may take before the others' turn."""
VISITS_PER_DAY = 100
"""Visits of one contact to one step in a day; more is taken for a loop."""


def process_due(now: datetime | None = None, limit: int = BATCH) -> int:
    """Move up to `limit` due contacts on, in one transaction. How many were taken; 0 means nobody is due, or a hold stands."""
    db.session.connection()  # on SQLite this waits for the others to finish writing: what they record comes before `now`
    if hold.stands():
        commit()
        return 0
    now = now or clock.now()
    batch = travellers.due(now, limit)
    if not batch:
        commit()
        return 0
    ids = [each.id for each in batch]
    try:
        _move(batch, now)
    except sa.exc.OperationalError:
        rollback()
        raise
    except Exception:
        log.exception("a batch of %s enrollments failed; looking for the one", len(ids))
        rollback()
        _apart(ids, now)
    return len(ids)


def _apart(ids: Sequence[int], now: datetime) -> None:
    """Process these in halves; the one that fails alone, alone."""
    if len(ids) == 1:
        _alone(ids[0], now)
        return
    for half in (ids[: len(ids) // 2], ids[len(ids) // 2 :]):
        try:
            _move(travellers.due(now, len(half), only=half), now)
        except sa.exc.OperationalError:
            rollback()
            raise
        except Exception:
            rollback()
            _apart(half, now)


def _alone(enrollment_id: int, now: datetime) -> None:
    """Step by step, each committed by itself, so that what fails is the step that fails."""
    for _ in range(STEPS_PER_PASS):
        try:
            batch = travellers.due(now, 1, only=[enrollment_id])
            _move(batch, now, rounds=1)
        except sa.exc.OperationalError:
            rollback()
            raise
        except Exception as error:
            log.exception("enrollment %s failed", enrollment_id)
            rollback()
            _fail(enrollment_id, _in_words(error), now)
            return
        if not batch:
            return


def _fail(enrollment_id: int, reason: str, now: datetime) -> None:
    """Fail it at its step, in its log; where not even that can be done, the enrollment alone."""
    try:
        _move(travellers.due(now, 1, only=[enrollment_id]), now, failure=reason)
    except sa.exc.OperationalError:
        rollback()
        raise
    except Exception:
        rollback()
        end(sa.select(Enrollment.id).where(Enrollment.id == enrollment_id), reason, "failed")
        commit()


def _move(batch: Sequence[Traveller], now: datetime, rounds: int = STEPS_PER_PASS, failure: str | None = None) -> None:
    """Take the batch as far as it goes in so many rounds, write everything down, commit. A `failure` fails them where they are."""
    here = Pass(now, failure)
    moving = list(batch)
    for _ in range(rounds):
        if not moving:
            break
        moving = here.round(moving)
    for each in moving:
        each.next_action_at = now
    record.write(batch, now)
    breaker.check(batch, now)
    commit()


class Pass:
    """One batch on its way at one moment."""

    def __init__(self, now: datetime, failure: str | None = None):
        self.now, self.failure = now, failure
        self.zone: str = current_app.config["TIMEZONE"]
        self.go = {
            Next: self._next, Branch: self._branch, GoTo: self._go_to, WaitUntil: self._wait_until, WaitFor: self._wait_for,
            Exit: self._exit, Fail: self._fail,
        }  # fmt: skip

    def round(self, moving: Sequence[Traveller]) -> list[Traveller]:
        """One step for each; those who can go on at once."""
        deeds: list[effects.Deed] = []
        for (version_id, step_id), group in _by_step(moving).items():
            step = plan_of(version_id).steps.get(step_id or 0)
            if step is not None:
                deeds += self._visit(step, group)
                continue
            for each in group:
                each.complete(self.now) if step_id is None else each.lose_way(self.now)
        effects.apply(deeds)
        return [each for each in moving if each.is_moving]

    def _visit(self, step: PlannedStep, group: Sequence[Traveller]) -> list[effects.Deed]:
        """All of a group at one step: arrive, decide, and leave or stay. What is to be carried out."""
        for each in group:
            each.arrive(self.now, self.zone)
        stopped = self._stopped(step, group)
        if len(stopped) < len(group):
            self._answer_condition(step, group)
        deeds: list[effects.Deed] = []
        for each in group:
            reason = stopped.get(each.id)
            decision = Decision(Fail(reason), reason) if reason else self._decide(step, each)
            deeds += each.deeds(step.id, decision)
            self.go[type(decision.go)](each, step, decision)
        return deeds

    def _stopped(self, step: PlannedStep, group: Sequence[Traveller]) -> dict[int, str]:
        """Those who cannot pass this step, and why."""
        if obstacle := self.failure or _obstacle(step):
            return {each.id: obstacle for each in group}
        looping = travellers.going_round(group, VISITS_PER_DAY, self.now)
        return dict.fromkeys(looping, f"Came to this step more than {VISITS_PER_DAY} times in a day")

    def _answer_condition(self, step: PlannedStep, group: Sequence[Traveller]) -> None:
        condition = step.type.condition(step.config) if step.type else None
        if condition is not None:
            holding = matching_ids(condition, [each.contact_id for each in group], self.now)
            for each in group:
                each.view.holds = each.contact_id in holding

    def _decide(self, step: PlannedStep, each: Traveller) -> Decision:
        assert step.type is not None
        try:
            return step.type.decide(each.view, step.config, self.now)
        except Exception as error:
            log.exception("step %s could not decide on enrollment %s", step.id, each.id)
            return Decision(Fail(_in_words(error)), _in_words(error))

    def _next(self, each: Traveller, step: PlannedStep, decision: Decision) -> None:
        each.leave(step.after, decision, self.now)

    def _branch(self, each: Traveller, step: PlannedStep, decision: Decision) -> None:
        each.leave(step.way(decision.go.name), decision, self.now, branch=decision.go.name)

    def _go_to(self, each: Traveller, _step: PlannedStep, decision: Decision) -> None:
        target = plan_of(each.version_id).keys.get(decision.go.key)
        if target is None:
            each.fail(f"There is no step “{decision.go.key}” to go to", self.now)
        else:
            each.leave(target, decision, self.now)

    def _wait_until(self, each: Traveller, _step: PlannedStep, decision: Decision) -> None:
        each.rest(decision, decision.go.at)

    def _wait_for(self, each: Traveller, _step: PlannedStep, decision: Decision) -> None:
        each.rest(decision, decision.go.until, decision.go.event_type)

    def _exit(self, each: Traveller, _step: PlannedStep, decision: Decision) -> None:
        each.exit(decision, self.now)

    def _fail(self, each: Traveller, _step: PlannedStep, decision: Decision) -> None:
        each.fail(decision.go.reason, self.now)


def _by_step(moving: Sequence[Traveller]) -> dict[tuple[int, int | None], list[Traveller]]:
    groups: dict[tuple[int, int | None], list[Traveller]] = defaultdict(list)
    for each in moving:
        groups[each.version_id, each.step_id].append(each)
    return groups


def _obstacle(step: PlannedStep) -> str | None:
    """Why nobody can pass this step."""
    if step.type is None:
        return f"There is no step type “{step.kind}”"
    missing = step.type.missing(step.config)
    return missing[0].text if missing else None


def _in_words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:255]
