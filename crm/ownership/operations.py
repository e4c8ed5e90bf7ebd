"""Giving contacts their owners: new ones by rule and in turn, others by handing over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from crm.activity.operations import emit_all
from crm.activity.vocabulary import Actor, ContactUpdated
from crm.bulk.kinds.share_out import ShareOut, shared_among
from crm.bulk.models import BulkAction
from crm.bulk.operations import request_action
from crm.conditions.queries import matching_ids
from crm.contacts.many import change_many
from crm.contacts.models import Contact
from crm.contacts.parsing import fold
from crm.database import db, table_of
from crm.lib import clock
from crm.lib.bulk import execute_many
from crm.ownership.models import Absence, OwnershipRule
from crm.ownership.queries import away_ids, rules
from crm.tasks.models import OPEN, Task
from crm.users.models import Team, User

BY_RULE = Actor(name="Ownership rules")
CONTACTS = table_of(Contact)
_ASSIGN = (
    sa.update(CONTACTS)
    .where(CONTACTS.c.id == sa.bindparam("number"))
    .values(owner_id=sa.bindparam("owner"), updated_at=sa.bindparam("moment"))
)


def assign_new(ids: Sequence[int]) -> int:
    """Give those of these contacts who have no owner the next person of the first rule that fits; returns how many."""
    known, away = rules(), away_ids()
    if not known:
        return 0
    columns = (Contact.id, Contact.country, Contact.city, Contact.source)
    found = sa.select(*columns).where(Contact.id.in_(ids), Contact.owner_id.is_(None)).order_by(Contact.id)
    rows = db.session.execute(found).all()
    meant = {each.id: matching_ids(each.condition, [row.id for row in rows]) for each in known if each.condition}
    pairs, by_team = [], defaultdict(list)
    for row in rows:
        rule = next((each for each in known if _is_for(each, row, meant)), None)
        owner = _next_person(rule, away) if rule else None
        if owner:
            pairs.append((row.id, owner))
        if rule and rule.team:
            by_team[str(rule.team_id)].append(row.id)
    _assign(pairs, "", BY_RULE)
    for team, some in by_team.items():
        change_many(some, "team", team, BY_RULE)
    return len(pairs)


def _is_for(rule: OwnershipRule, row: sa.Row, meant: Mapping[int, set[int]]) -> bool:
    is_meant = rule.id not in meant or row.id in meant[rule.id]
    return is_meant and fits(rule, row.country, row.city, row.source)


def fits(rule: OwnershipRule, country: str | None, city: str | None, source: str | None) -> bool:
    """Whether the rule is for a contact from there."""
    asked = ((rule.country, country), (rule.city, city), (rule.source, source))
    return all(not wanted or fold(wanted) == fold(had or "") for wanted, had in asked)


def _next_person(rule: OwnershipRule, away: set[int]) -> User | None:
    """The person after the one whose turn it was; nobody who is away or has no access any more."""
    there = [each for each in rule.takers if each.is_enabled and each.id not in away]
    if not there:
        return None
    person = next((each for each in there if each.id > (rule.last_user_id or 0)), there[0])
    rule.last_user_id = person.id
    return person


def hand_over(giver: User, takers: Sequence[User], user: User, with_tasks: bool = True) -> BulkAction:
    """Begin to give all contacts of one person to others, in turn, and with them their open tasks: a change to many, which can be undone.

    Open tasks about contacts the giver does not look after go to the first taker at once.
    """
    params = shared_among([(str(each.id), each.name) for each in takers], with_tasks)
    title = f"Hand over from {giver.name} to {', '.join(params['names'])}"
    action = request_action(ShareOut.key, params, title, user, query={"owner": [str(giver.id)]})
    if with_tasks:
        _hand_over_other_tasks(giver, takers[0])
    return action


def _hand_over_other_tasks(giver: User, taker: User) -> None:
    theirs = sa.select(Contact.id).where(Contact.id == Task.contact_id, Contact.owner_id == giver.id).correlate(Task)
    others = sa.update(Task).where(Task.assigned_to == giver.id, Task.status.in_(OPEN), ~theirs.exists())
    db.session.execute(others.values(assigned_to=taker.id), execution_options={"synchronize_session": False})


def _assign(pairs: Iterable[tuple[int, User]], old: str, by: Actor) -> None:
    pairs, now = list(pairs), clock.now()
    rows = [{"number": number, "owner": owner.id, "moment": now} for number, owner in pairs]
    execute_many(db.session.connection(), _ASSIGN, rows)
    emit_all(ContactUpdated(contact_id=number, changes={"owner": [old, owner.name]}, by=by) for number, owner in pairs)
    db.session.expire_all()


def save_rule(
    rule: OwnershipRule, name: str, places: tuple[str | None, str | None, str | None], people: Sequence[User],
    team: Team | None = None, condition: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """Name the rule, say where its contacts come from and what else is true of them, and who gets them."""
    rule.name = name
    rule.country, rule.city, rule.source = places
    rule.people, rule.team = list(people), team
    rule.condition = dict(condition) if condition and condition.get("conditions") else None
    if rule.id is None:
        rule.position = max((each.position for each in rules()), default=0) + 1
        db.session.add(rule)
    db.session.flush()


def move_up(rule: OwnershipRule) -> None:
    """Let the rule count before the one above it; the first stays first."""
    order = list(rules())
    place = order.index(rule)
    if place:
        order[place - 1], order[place] = order[place], order[place - 1]
    for position, each in enumerate(order, 1):
        each.position = position
    db.session.flush()


def be_away(user_id: int, last_on: date | None) -> None:
    """The user gets no new contacts until that day has passed; None: they are back."""
    db.session.execute(sa.delete(Absence).where(Absence.user_id == user_id))
    if last_on:
        db.session.add(Absence(user_id=user_id, last_on=last_on))
    db.session.flush()
