"""Making and changing audiences, and choosing the members of static ones by hand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from crm.activity.vocabulary import SYSTEM, Actor
from crm.audiences.membership import join, leave
from crm.audiences.models import DYNAMIC, KINDS, STATIC, Audience
from crm.audiences.queries import audience_named
from crm.audiences.references import circle
from crm.conditions.reading import validate
from crm.database import after_commit, db
from crm.lib import clock
from crm.queue import nudge
from crm.tags.models import slug_of


class Refused(Exception):
    """What a person asked for cannot be; `problems` says why in words, by field."""

    def __init__(self, problems: dict[str, str]):
        super().__init__(" ".join(problems.values()))
        self.problems = problems


def create_audience(
    name: str, kind: str = STATIC, condition: Any = None, description: str = "", by: Actor = SYSTEM
) -> Audience:
    """A new audience. A dynamic one is filled by the worker. Raises Refused when name, kind or condition cannot be."""
    if kind not in KINDS:
        raise Refused({"kind": "An audience is static or dynamic."})
    audience = Audience(kind=kind, created_by=by.user_id)
    _write(audience, name, condition, description)
    audience.slug = slug_of(audience.name)
    db.session.add(audience)
    db.session.flush()
    return audience


def update_audience(audience: Audience, name: str, condition: Any = None, description: str = "") -> None:
    """Rename it or change its condition; its slug stays, so that what refers to it goes on working. Raises Refused."""
    _write(audience, name, condition, description)
    audience.updated_at = clock.now()
    db.session.flush()


def duplicate_audience(audience: Audience, by: Actor) -> Audience:
    """A copy of its own name; the members of a static audience follow in the worker."""
    copy = create_audience(_free_name(audience.name), audience.kind, audience.condition, audience.description or "", by)
    if not audience.is_dynamic:
        copy.copies_id = audience.id
        _fill_soon(copy)
    db.session.flush()
    return copy


def delete_audience(audience: Audience) -> None:
    """Remove the audience. Its members stay contacts; nobody is told that they left."""
    db.session.delete(audience)
    db.session.flush()


def add_to_audience(audience: Audience, contact_ids: Iterable[int], by: Actor) -> list[int]:
    """Put these contacts into a static audience; the ids of those who were not in it. Raises Refused for a dynamic one."""
    _by_hand(audience)
    return join(audience, contact_ids, by)


def remove_from_audience(audience: Audience, contact_ids: Iterable[int], by: Actor) -> list[int]:
    """Take these contacts out of a static audience; the ids of those who were in it. Raises Refused for a dynamic one."""
    _by_hand(audience)
    return leave(audience, contact_ids, by)


def _by_hand(audience: Audience) -> None:
    if audience.is_dynamic:
        raise Refused({"audience": f"“{audience.name}” is filled by its condition, not by hand."})


def _write(audience: Audience, name: str, condition: Any, description: str) -> None:
    name = " ".join(name.split())
    problems = {"name": _problem_of_name(audience, name)}
    if audience.kind == DYNAMIC:
        problems["condition"] = _problem_of_condition(audience, condition)
    if found := {key: problem for key, problem in problems.items() if problem}:
        raise Refused(found)
    audience.name, audience.description = name, description.strip() or None
    if audience.kind == DYNAMIC and audience.condition != condition:
        audience.condition = condition
        _fill_soon(audience)


def _fill_soon(audience: Audience) -> None:
    audience.due_at = clock.now()
    after_commit(nudge, "refresh_audiences")


def _problem_of_name(audience: Audience, name: str) -> str | None:
    if not name.isprintable() or not slug_of(name):
        return "An audience needs a name with letters or digits."
    if len(name) > 100:
        return "An audience's name has at most 100 characters."
    if slug_of(name).isdigit():
        return "An audience's name cannot be a number alone."
    twin = audience_named(name)
    return f"There is already an audience “{twin.name}”." if twin and twin.id != audience.id else None


def _problem_of_condition(audience: Audience, condition: Any) -> str | None:
    problems = validate(condition)
    if problems:
        return problems[0].message
    if not condition or not condition["conditions"]:
        return "Add at least one condition."
    return _problem_of_circle(audience, condition) if audience.id else None


def _problem_of_circle(audience: Audience, condition: Any) -> str | None:
    db.session.execute(sa.select(Audience.id).with_for_update())
    through = circle(audience, condition)
    if through is None:
        return None
    if through.id == audience.id:
        return "An audience cannot depend on itself. Choose another audience."
    return f"“{through.name}” depends on this audience, so this audience cannot depend on “{through.name}”."


def _free_name(name: str) -> str:
    copies = (f"Copy of {name}"[:90] + (f" {number}" if number > 1 else "") for number in range(1, 10_000))
    return next(each for each in copies if audience_named(each) is None)
