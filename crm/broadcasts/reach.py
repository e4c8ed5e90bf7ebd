"""Whom a broadcast is for: audiences less those excluded, narrowed by a condition, as one expression over `contacts`."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from crm.audiences.queries import is_in_any
from crm.broadcasts.models import Broadcast, BroadcastAudience, BroadcastContact
from crm.conditions.compiler import compile_condition
from crm.conditions.sentences import sentence
from crm.contacts.models import Contact
from crm.contacts.queries import scope
from crm.database import db
from crm.users.models import User


def meant(broadcast: Broadcast, now: datetime | None = None) -> sa.ColumnElement[bool]:
    """The contacts a broadcast is for, of those its author, and who sends it, may see. Nobody, while nobody was chosen or an audience it names is gone."""
    if not broadcast.has_audience or any(each.is_gone for each in broadcast.audiences):
        return sa.false()
    parts = [_included(broadcast)]
    parts += [scope(each) for each in _behind(broadcast) if each.sees_assigned_only]
    if broadcast.has_condition:
        parts.append(compile_condition(broadcast.condition, now))
    if excluded := _ids(broadcast.excluded):
        parts.append(~is_in_any(excluded))
    return sa.and_(*parts)


def _behind(broadcast: Broadcast) -> list[User]:
    sender = broadcast.launched_by if broadcast.status not in ("draft", "missed") else None
    ids = {each for each in (broadcast.created_by, sender) if each}
    return [found for each in sorted(ids) if (found := db.session.get(User, each))]


def words(broadcast: Broadcast) -> str:
    """The same in words."""
    said = [f"“{each.name}”" for each in broadcast.included]
    if broadcast.is_for_chosen:
        said.append("contacts chosen by hand")
    text = "Everyone" if broadcast.is_for_everyone or not said else _either(said)
    if broadcast.has_condition:
        text += f", of whom this is true: {sentence(broadcast.condition)}"
    if broadcast.excluded:
        text += f"; but nobody in {_either([f'“{each.name}”' for each in broadcast.excluded])}"
    return text[:1].upper() + text[1:] if broadcast.has_audience else "Nobody yet"


def _included(broadcast: Broadcast) -> sa.ColumnElement[bool]:
    if broadcast.is_for_everyone:
        return sa.true()
    ways = []
    if ids := _ids(broadcast.included):
        ways.append(is_in_any(ids))
    if broadcast.is_for_chosen:
        chosen = sa.select(BroadcastContact.contact_id).where(BroadcastContact.broadcast_id == broadcast.id)
        ways.append(Contact.id.in_(chosen))
    return sa.or_(*ways) if ways else sa.true()


def _ids(audiences: list[BroadcastAudience]) -> list[int]:
    return [each.audience_id for each in audiences if each.audience_id]


def _either(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
