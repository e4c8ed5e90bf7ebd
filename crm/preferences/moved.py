"""Whoever left stays away at another address, too: one they have by now, or are given later.

An opt-out is of an address, as mail programs and laws have it. What is a person's besides is the switch for news and offers, which is
switched off with its proof, so that everybody sees it and it can be switched on again for a reason.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from crm.activity.vocabulary import Actor
from crm.contacts.models import Contact
from crm.database import db
from crm.lib import clock
from crm.lib.bulk import among
from crm.preferences.leavers import Refuser, refuse_all
from crm.preferences.proof import Source
from crm.preferences.queries import unsubscribed_among

_READER = aliased(Contact)


def leave_elsewhere(connection: sa.Connection, left: Iterable[Refuser], at: datetime) -> int:
    """Of people who left by a mail: those it went to at an address that is no longer theirs want no news anywhere. How many that was new for.

    Of a minor it is whoever reads their mail now.
    """
    said = {each.contact_id: each for each in left}
    refusers = {
        reader: replace(said[number], contact_id=reader)
        for number, (reader, addresses) in readers_of(connection, said).items()
        if said[number].address not in {(each or "").lower() for each in addresses}
    }
    return refuse_all(connection, list(refusers.values()), at) if refusers else 0


def readers_of(
    connection: sa.Connection, contact_ids: Iterable[int]
) -> dict[int, tuple[int, tuple[str | None, str | None]]]:
    """Who reads the mail of each of these contacts now, and the addresses it may go to: the contact's own, and the reader's."""
    people = (
        sa.select(Contact.id, _READER.id, Contact.email, _READER.email)
        .join(_READER, _READER.id == sa.func.coalesce(Contact.guardian_id, Contact.id))
        .where(among(Contact.id, contact_ids))
    )
    return {number: (reader, (own, email)) for number, reader, own, email in connection.execute(people)}


def keep_away(before: Mapping[int, Collection[str]]) -> int:
    """Of contacts who had these addresses (lower case) before: those who had left at one of them want no news at another either; how many were new."""
    left = unsubscribed_among({each for addresses in before.values() for each in addresses})
    wanted = {number: next((each for each in addresses if each in left), "") for number, addresses in before.items()}
    there = db.session.scalars(
        sa.select(Contact.id).where(among(Contact.id, [each for each in wanted if wanted[each]]))
    )
    refusers = [Refuser(each, wanted[each], Source("moved", _MOVED, f"Left as {wanted[each]}")) for each in there]
    return refuse_all(db.session.connection(), refusers, clock.now()) if refusers else 0


_MOVED = Actor(name="A change of address")
