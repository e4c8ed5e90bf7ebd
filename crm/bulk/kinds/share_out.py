"""Sharing many contacts out among several people, or a team."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, SelectMultipleField

from crm.activity.vocabulary import Actor
from crm.bulk.kinds.kind import Kind
from crm.contacts.fieldset import owners, teams
from crm.contacts.many import change_many, restore_many
from crm.database import db, table_of
from crm.lib.form_checks import choices
from crm.tasks.models import OPEN, Task
from crm.users.models import Team, User

TASKS = table_of(Task)


class ShareForm(FlaskForm):
    """Among whom."""

    people = SelectMultipleField("People, in turn", validate_choice=False)
    team = SelectField("Or everybody in a team", validate_choice=False)
    with_tasks = BooleanField("Their owners’ open tasks, too")


class ShareOut(Kind):
    """Each gets as many as the others. Undoing gives each contact, and each task, back to whom they had."""

    key = "share_out"
    label = "Share out among several people"
    icon = "transfer"
    button = "Share out"
    is_for_all_seeing = True
    Form = ShareForm

    def form(self, user: User) -> FlaskForm:
        form: Any = super().form(user)
        form.people.choices = choices(owners())
        form.team.choices = choices([("", "No team"), *teams()])
        return form

    def params(self, form: Any, user: User) -> dict[str, Any]:  # noqa: ARG002
        names = dict(owners())
        chosen = list(form.people.data or ())
        team = db.session.get(Team, int(form.team.data)) if (form.team.data or "").isdecimal() else None
        chosen += [str(each.id) for each in team.members] if team else []
        people = [each for each in dict.fromkeys(chosen) if each in names]
        if not people:
            raise ValueError("Choose at least one person, or a team that has somebody.")
        return shared_among([(each, names[each]) for each in people], bool(form.with_tasks.data))

    def title(self, params: Mapping[str, Any]) -> str:
        return f"Share out among {', '.join(params['names'])}"

    def apply(self, ids: Sequence[int], params: Mapping[str, Any], by: Actor) -> dict[int, Any]:
        people = params["people"]
        shares: dict[str, list[int]] = defaultdict(list)
        for number, contact_id in enumerate(sorted(ids)):
            shares[people[number % len(people)]].append(contact_id)
        changes: dict[int, Any] = {}
        for person, some in shares.items():
            had = change_many(some, "owner", person, by)
            tasks = _give_tasks(had, int(person)) if params.get("with_tasks") else {}
            changes |= {each: {"had": old, "got": person, "tasks": tasks.get(each, [])} for each, old in had.items()}
        return changes

    def undo(self, changes: Mapping[int, Any], params: Mapping[str, Any], by: Actor) -> None:  # noqa: ARG002
        given: dict[str, dict[int, Any]] = defaultdict(dict)
        tasks: dict[tuple[Any, str], list[int]] = defaultdict(list)
        for contact_id, change in changes.items():
            given[change["got"]][contact_id] = change["had"]
            tasks[change["had"], change["got"]] += change["tasks"]
        for person, some in given.items():
            restore_many(some, "owner", person, by)
        for (had, got), task_ids in tasks.items():
            _reassign(task_ids, int(got), had)


def shared_among(people: Sequence[tuple[str, str]], with_tasks: bool) -> dict[str, Any]:
    """What the action needs to know, from (id, name) of those who get contacts."""
    return {"people": [each for each, _ in people], "names": [name for _, name in people], "with_tasks": with_tasks}


def _give_tasks(had: Mapping[int, Any], person: int) -> dict[int, list[int]]:
    """Give the person the open tasks that these contacts' owners have about them; the tasks, by contact."""
    owners_of = {contact_id: owner for contact_id, owner in had.items() if owner}
    found: dict[int, list[int]] = defaultdict(list)
    ids = list(owners_of)
    for start in range(0, len(ids), 500):
        some = TASKS.c.contact_id.in_(ids[start : start + 500])
        tasks = sa.select(TASKS.c.id, TASKS.c.contact_id, TASKS.c.assigned_to).where(some, TASKS.c.status.in_(OPEN))
        for row in db.session.execute(tasks):
            if row.assigned_to == owners_of[row.contact_id]:
                found[row.contact_id].append(row.id)
    _reassign([each for some in found.values() for each in some], None, person)
    return found


def _reassign(task_ids: Sequence[int], had: int | None, person: int | None) -> None:
    for start in range(0, len(task_ids), 500):
        some = sa.update(TASKS).where(TASKS.c.id.in_(task_ids[start : start + 500]))
        some = some if had is None else some.where(TASKS.c.assigned_to == had)
        db.session.execute(some.values(assigned_to=person), execution_options={"synchronize_session": False})
