"""Giving contacts their owners: new ones by rule and in turn, others by handing over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import sqlalchemy as sa

from crm.activity.operations import emit_all
from crm.activity.vocabulary import Actor, ContactUpdated
from crm.contacts.models import Contact
from crm.contacts.parsing import fold
from crm.database import db, table_of
from crm.lib import clock
from crm.lib.bulk import execute_many
from crm.ownership.models import Absence, OwnershipRule
from crm.ownership.queries import away_ids, rules
from crm.tasks.models import OPEN, Task
from crm.users.models import User

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
    pairs = []
    for row in db.session.execute(found).all():
        rule = next((each for each in known if fits(each, row.country, row.city, row.source)), None)
        owner = _next_person(rule, away) if rule else None
        if owner:
            pairs.append((row.id, owner))
    _assign(pairs, "", BY_RULE)
    return len(pairs)


def fits(rule: OwnershipRule, country: str | None, city: str | None, source: str | None) -> bool:
    """Whether the rule is for a contact from there."""
    asked = ((rule.country, country), (rule.city, city), (rule.source, source))
    return all(not wanted or fold(wanted) == fold(had or "") for wanted, had in asked)


def _next_person(rule: OwnershipRule, away: set[int]) -> User | None:
    """The person after the one whose turn it was; nobody who is away or has no access any more."""
    there = [each for each in rule.people if each.is_enabled and each.id not in away]
    if not there:
        return None
    person = next((each for each in there if each.id > (rule.last_user_id or 0)), there[0])
    rule.last_user_id = person.id
    return person


def hand_over(giver: User, takers: Sequence[User], by: Actor, with_tasks: bool = True) -> int:
    """Give all contacts of one person to others, in turn, and with them their open tasks; returns how many contacts."""
    ids = db.session.scalars(sa.select(Contact.id).where(Contact.owner_id == giver.id).order_by(Contact.id)).all()
    _assign([(each, takers[number % len(takers)]) for number, each in enumerate(ids)], giver.name, by)
    if with_tasks:
        _hand_over_tasks(giver, takers[0])
    return len(ids)


def _hand_over_tasks(giver: User, otherwise: User) -> None:
    """Open tasks go to the contact's owner, or to one taker where the giver never looked after the contact."""
    owner = sa.select(CONTACTS.c.owner_id).where(CONTACTS.c.id == Task.contact_id).scalar_subquery()
    taker = sa.func.coalesce(owner, otherwise.id)
    mine = sa.update(Task).where(Task.assigned_to == giver.id, Task.status.in_(OPEN))
    db.session.execute(mine.values(assigned_to=taker), execution_options={"synchronize_session": False})


def _assign(pairs: Iterable[tuple[int, User]], old: str, by: Actor) -> None:
    pairs, now = list(pairs), clock.now()
    rows = [{"number": number, "owner": owner.id, "moment": now} for number, owner in pairs]
    execute_many(db.session.connection(), _ASSIGN, rows)
    emit_all(ContactUpdated(contact_id=number, changes={"owner": [old, owner.name]}, by=by) for number, owner in pairs)
    db.session.expire_all()


def save_rule(
    rule: OwnershipRule, name: str, places: tuple[str | None, str | None, str | None], people: Sequence[User]
) -> None:
    """Name the rule, say where its contacts come from, and who gets them."""
    rule.name = name
    rule.country, rule.city, rule.source = places
    rule.people = list(people)
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
