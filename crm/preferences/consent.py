"""The one place that decides whether a message may go: asked in the transaction that claims it, and in numbers before a launch.

The rules are one list, so that what is counted beforehand is what happens. Whoever has a guardian is written to through
the guardian, whose address and choices count.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa

from crm.contacts.models import Contact
from crm.database import db
from crm.delivery.queries import erased_among, has_erased, suppressed_among
from crm.lib import clock
from crm.lib.bulk import listed
from crm.preferences.capping import PATIENCE, caps_for, free_at, marketing_sent
from crm.preferences.kinds import MARKETING, SYSTEM, WAITS_FOR_MORNING, in_words
from crm.preferences.models import Topic
from crm.preferences.quiet import quiet_until, school_hours, zone_of
from crm.preferences.rules import CHOICE, READER, TOPIC, WANTS, Joined, Sets, address_of, reason_for


class Asked(NamedTuple):
    """A message that is about to go. `address` is the one it would go to: the reader's."""

    message_id: int
    contact_id: int | None
    address: str
    channel: str = "email"
    kind: str = MARKETING
    topic_id: int | None = None


@dataclass(frozen=True, slots=True)
class Skip:
    """It does not go, which is a normal end."""

    reason: str


@dataclass(frozen=True, slots=True)
class Hold:
    """It waits."""

    until: datetime
    reason: str


Verdict = Skip | Hold


def verdicts(asked: Sequence[Asked], now: datetime) -> dict[int, Verdict]:
    """For each message that may not go now, why; those that may are absent. A few queries for the whole batch."""
    found: dict[int, Verdict] = {**_stopped_of_all(asked)}
    left = [each for each in asked if each.message_id not in found]
    for (channel, kind, topic_id), some in _alike(left).items():
        found |= _judged(some, channel, kind, topic_id, now)
    return found


def refused(asked: Sequence[Asked]) -> dict[int, Skip]:
    """Those of these messages that are refused by now, of contacts who are there; whose turn it is, is not asked."""
    found = _stopped_of_all(asked)
    for (channel, kind, topic_id), some in _alike([each for each in asked if each.message_id not in found]).items():
        found |= _refusing(some, channel, _facts(some, channel, kind, topic_id))
    return found


def reasons_for(contacts: Any, channel: str, kind: str, topic_id: int | None = None) -> dict[str, int]:
    """How many of these contacts would be skipped, by reason in words, most first. What only waits for its turn is not counted."""
    found = outcomes_for(contacts, channel, kind, topic_id)
    return {reason: count for reason, count in found.items() if reason}


def outcomes_for(contacts: Any, channel: str, kind: str, topic_id: int | None = None) -> dict[str, int]:
    """The same, and under "" how many would get it. `contacts` is a condition over them, a SELECT of their ids, or some ids.

    One pass over the contacts: those who refuse, left or are suppressed are few beside them, so each rule asks whether the contact is in
    a small set. Joined row by row, a million took 17 s.
    """
    among = contacts if _is_condition(contacts) else Contact.id.in_(contacts)
    erased = _erased(among, channel) if has_erased(channel) else set()
    own = sa.select(reason_for(channel, kind, Sets(Contact, topic_id, erased)).label("reason"))
    theirs = sa.select(reason_for(channel, kind, Sets(READER, topic_id, erased)).label("reason"))
    theirs = theirs.select_from(Contact).join(READER, READER.id == Contact.guardian_id)
    found: Counter[str | None] = Counter()
    for asking in (own.where(among, Contact.guardian_id.is_(None)), theirs.where(among)):
        some = asking.subquery()
        counted = sa.select(some.c.reason, sa.func.count()).where(some.c.reason.is_not(None)).group_by(some.c.reason)
        for reason, count in db.session.execute(counted):
            found[reason] += count
    total = db.session.scalar(sa.select(sa.func.count()).select_from(Contact).where(among)) or 0
    found[None] = total - found.total()
    topic = _topic_name(topic_id)
    most_first = sorted(found.items(), key=lambda pair: (-pair[1], pair[0] or ""))
    return {in_words(reason, channel, topic) if reason else "": count for reason, count in most_first if count}


def _is_condition(contacts: Any) -> bool:
    return isinstance(contacts, sa.ColumnElement)


def _erased(among: Any, channel: str) -> set[str]:
    """The readers' addresses that are suppressed as a hash alone, which no SQL can tell."""
    address = address_of(READER, channel)
    read_by = READER.id == sa.func.coalesce(Contact.guardian_id, Contact.id)
    own = sa.select(address_of(Contact, channel)).where(among, Contact.guardian_id.is_(None))
    theirs = (
        sa.select(address).select_from(Contact).join(READER, read_by).where(among, Contact.guardian_id.is_not(None))
    )
    rows = db.session.execute(sa.union_all(own, theirs), execution_options={"yield_per": 10_000})
    return erased_among((each for (each,) in rows if each), channel)


def _stopped_of_all(asked: Sequence[Asked]) -> dict[int, Skip]:
    found: dict[int, Skip] = {}
    for channel in {each.channel for each in asked}:
        found |= _stopped([each for each in asked if each.channel == channel], channel)
    return found


def _stopped(asked: Sequence[Asked], channel: str) -> dict[int, Skip]:
    """What holds for every kind of message: there must be an address, and it must not be suppressed."""
    suppressed = suppressed_among({each.address for each in asked if each.address}, channel)
    found: dict[int, Skip] = {}
    for each in asked:
        if not each.address and (each.contact_id is None or each.kind == SYSTEM):
            found[each.message_id] = Skip(in_words("no_address", channel))
        elif each.address.lower() in suppressed:
            found[each.message_id] = Skip(f"The address is suppressed: {suppressed[each.address.lower()]}")
    return found


def _alike(asked: Sequence[Asked]) -> dict[tuple[str, str, int | None], list[Asked]]:
    groups: dict[tuple[str, str, int | None], list[Asked]] = defaultdict(list)
    for each in asked:
        if each.contact_id is not None and each.kind != SYSTEM:
            groups[each.channel, each.kind, each.topic_id].append(each)
    return groups


def _judged(asked: Sequence[Asked], channel: str, kind: str, topic_id: int | None, now: datetime) -> dict[int, Verdict]:
    facts = _facts(asked, channel, kind, topic_id)
    gone = {each.message_id: Skip(in_words("gone", channel)) for each in asked if each.contact_id not in facts}
    found: dict[int, Verdict] = {**gone, **_refusing(asked, channel, facts)}
    left = [each for each in asked if each.message_id not in found]
    if kind in WAITS_FOR_MORNING:
        found |= _waiting_for_morning(left, facts, now)
    if kind == MARKETING:
        found |= _over_the_cap([each for each in left if each.message_id not in found], facts, now)
    return found


def _facts(asked: Sequence[Asked], channel: str, kind: str, topic_id: int | None) -> dict[int, Facts]:
    """What is known of the contacts who are there."""
    given = {"ids": json.dumps([*{each.contact_id for each in asked}]), "topic": topic_id}
    db.session.flush()
    rows = db.session.connection().execute(_statement(channel, kind), given).all()
    return {row[0]: Facts._make(row) for row in rows}


def _refusing(asked: Sequence[Asked], channel: str, facts: dict[int, Any]) -> dict[int, Skip]:
    """Those whose reader refuses."""
    found: dict[int, Skip] = {}
    for each in asked:
        row = facts.get(each.contact_id or 0)
        if row is not None and row.reason:
            found[each.message_id] = Skip(in_words(row.reason, channel, row.topic or ""))
    return found


def _waiting_for_morning(asked: Sequence[Asked], facts: dict[int, Any], now: datetime) -> dict[int, Verdict]:
    school, found = school_hours(), {}
    alike: dict[tuple[Any, ...], list[Asked]] = defaultdict(list)
    for each in asked:
        alike[facts[each.contact_id][1:4]].append(each)
    for (timezone, *own), some in alike.items():
        zone = zone_of(timezone)
        until = quiet_until(now, tuple(own) if all(isinstance(at, time) for at in own) else school, zone)
        if until:
            wait = Hold(until, f"Quiet hours: it goes at {clock.local(until, zone):%H:%M} ({zone}).")
            found.update((each.message_id, wait) for each in some)
    return found


def _over_the_cap(asked: Sequence[Asked], facts: dict[int, Any], now: datetime) -> dict[int, Verdict]:
    """One more message a contact at a time, the oldest first."""
    paces = {each.contact_id: facts[each.contact_id].frequency for each in asked}
    caps = {pace: caps_for(pace) for pace in set(paces.values())}
    if not any(caps.values()):
        return {}
    capped = {contact_id: caps[pace] for contact_id, pace in paces.items()}
    of_batch = [each.message_id for each in asked]
    sent = marketing_sent([each for each, mine in capped.items() if mine], now, of_batch, asked[0].channel)
    found: dict[int, Verdict] = {}
    for each in sorted(asked, key=lambda message: message.message_id):
        mine = sent.setdefault(each.contact_id, [])
        full = {cap: free_at(cap, mine, now) for cap in capped[each.contact_id]}
        cap, until = max(full.items(), key=lambda pair: pair[1], default=(None, now))
        if cap is None or until <= now:
            mine.append(now)
        elif until - now <= PATIENCE:
            found[each.message_id] = Hold(until, f"Frequency: at most {cap.words}; it waits for its turn.")
        else:
            found[each.message_id] = Skip(f"The contact had enough marketing: at most {cap.words}.")
    return found


class Facts(NamedTuple):
    """What is asked about a contact."""

    contact_id: int
    timezone: str | None
    quiet_hours_start: time | None
    quiet_hours_end: time | None
    frequency: str | None
    topic: str | None
    reason: str | None


@lru_cache(maxsize=32)
def _statement(channel: str, kind: str) -> sa.Select[Any]:
    """What is asked about the contacts of a batch; built once per kind, because building takes longer than asking."""
    columns = (
        Contact.id, READER.timezone, WANTS.quiet_hours_start, WANTS.quiet_hours_end, WANTS.frequency,
        TOPIC.name.label("topic"), reason_for(channel, kind, Joined()).label("reason"),
    )  # fmt: skip
    asking = _asking(sa.bindparam("topic", type_=sa.BigInteger()), *columns)
    return asking.where(Contact.id.in_(listed("ids")))


def _asking(topic_id: Any, *columns: Any) -> sa.Select[Any]:
    """Contacts beside whoever reads their messages, and what that person wants."""
    return (
        sa.select(*columns)
        .select_from(Contact)
        .join(READER, READER.id == sa.func.coalesce(Contact.guardian_id, Contact.id))
        .outerjoin(WANTS, WANTS.contact_id == READER.id)
        .outerjoin(TOPIC, TOPIC.id == topic_id)
        .outerjoin(CHOICE, sa.and_(CHOICE.contact_id == READER.id, CHOICE.topic_id == TOPIC.id))
    )


def _topic_name(topic_id: int | None) -> str:
    return (db.session.scalar(sa.select(Topic.name).where(Topic.id == topic_id)) or "") if topic_id else ""


class Reader(NamedTuple):
    """Who reads a contact's messages: the contact, or the guardian."""

    contact_id: int
    name: str
    email: str
    phone: str
    is_guardian: bool


_READERS = (
    sa.select(
        Contact.id.label("of"),
        Contact.guardian_id,
        READER.id,
        READER.first_name,
        READER.last_name,
        READER.email,
        READER.phone,
    )
    .join(READER, READER.id == sa.func.coalesce(Contact.guardian_id, Contact.id))
    .where(Contact.id.in_(listed("ids")))
)


def readers_of(contact_ids: Collection[int]) -> dict[int, Reader]:
    """Who reads the messages of each of these contacts; one query."""
    db.session.flush()
    rows = db.session.connection().execute(_READERS, {"ids": json.dumps([*contact_ids])}).all()
    return {
        of: Reader(number, f"{first_name} {last_name}".strip(), email or "", phone or "", guardian_id is not None)
        for of, guardian_id, number, first_name, last_name, email, phone in rows
    }
