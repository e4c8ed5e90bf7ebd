"""Recipients' domains: one that takes no mail just now is left alone for a while, and one may be given only so many a minute.

Nobody else waits for it. A domain that refused five messages in a row for the time being (4xx) is left alone for a minute, then asked with one
message; each further refusal doubles the time, up to an hour. A quarter of a domain's pace is kept for single mails.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import current_app

from crm.database import db, insert_new, table_of
from crm.delivery.models import SendingDomain

_domains = table_of(SendingDomain)
STRIKES = 5
_FIRST, _LONGEST = timedelta(minutes=1), timedelta(hours=1)
_PROBE = timedelta(seconds=20)
"""How long the answer to the one message is waited for before another is tried."""
_BURST = timedelta(seconds=1)
_STALE = timedelta(minutes=1)
"""A slot that passed so long ago is given anew, or a pause would end in a flood."""


@dataclass(frozen=True)
class Wait:
    """A message waits, and why. `slot` is set when it was given a moment of its own."""

    until: datetime
    reason: str
    slot: datetime | None = None


@dataclass
class Watch:
    """What is known of the domains of a batch."""

    now: datetime
    rows: dict[str, Any]
    waits: dict[int, Wait] = field(default_factory=dict)

    @property
    def refusing(self) -> set[str]:
        """The domains whose next accepted message is news."""
        return {domain for domain, row in self.rows.items() if row.refusals}


def domain_of(address: str) -> str:
    """The part of an address after the @."""
    return address.rpartition("@")[2].lower()


def watch(chosen: Sequence[Any], now: datetime) -> Watch:
    """Decide which of these messages (with `id`, `row`, `to_address`) wait for their domain, in the open transaction."""
    groups: dict[str, list[Any]] = defaultdict(list)
    for each in chosen:
        groups[domain_of(each.to_address)].append(each)
    found = _known(groups) if groups else []
    seen = Watch(now, {row.domain: row for row in found})
    for domain, some in groups.items():
        row = seen.rows.get(domain)
        if row is not None and row.held_until is not None:
            _hold(domain, row, some, seen)
        elif current_app.config["MAIL_PER_DOMAIN"]:
            _pace(domain, row, some, seen)
    return seen


def _known(domains: Iterable[str]) -> Sequence[sa.Row[Any]]:
    """The rows of these domains, held in one order until the commit: several workers give out moments one after the other."""
    found = sa.select(_domains).where(_domains.c.domain.in_(set(domains)))
    return db.session.execute(found.order_by(_domains.c.domain).with_for_update()).all()


def note_accepted(domains: Iterable[str]) -> None:
    """These domains take mail again."""
    taking = sa.update(_domains).where(_domains.c.domain.in_([row.domain for row in _known(domains)]))
    db.session.connection().execute(taking.values(refusals=0, held_until=None, reason=None))


def note_refused(domain: str, reason: str, now: datetime) -> datetime | None:
    """This domain refused a message for the time being; until when it is left alone, if that began now."""
    insert_new(_domains, [{"domain": domain, "refusals": 0}], returning=_domains.c.refusals)
    (row,) = _known([domain])
    if row.held_until is not None and row.held_until > now + _PROBE:
        return None  # what was under way when the time began
    refusals = row.refusals + 1
    until = None
    if refusals >= STRIKES:
        until = now + min(_FIRST * 2 ** min(refusals - STRIKES, 10), _LONGEST)
    db.session.connection().execute(
        sa.update(_domains)
        .where(_domains.c.domain == domain)
        .values(refusals=refusals, held_until=until, reason=reason[:255])
    )
    return until


def _hold(domain: str, row: Any, some: Sequence[Any], seen: Watch) -> None:
    until, waiting = row.held_until, some
    if until <= seen.now:
        until, waiting = seen.now + _PROBE, some[1:]
        held = sa.update(_domains).where(_domains.c.domain == domain)
        db.session.connection().execute(held.values(held_until=until))
    reason = f"{domain} takes no mail just now: {row.reason}"
    for at, each in enumerate(waiting):
        seen.waits[each.id] = Wait(until + timedelta(milliseconds=50) * at, reason[:255])


def _pace(domain: str, row: Any, some: Sequence[Any], seen: Watch) -> None:
    """Give each message its moment. Lanes have three quarters of the pace; single mails a quarter, or all while no lane waits."""
    most, now = current_app.config["MAIL_PER_DOMAIN"], seen.now
    next_at, single_at = (row.next_at, row.next_single_at) if row is not None else (None, None)
    step = timedelta(minutes=1) / (most * 3 / 4)
    single_step = timedelta(minutes=1) / (most / 4 if next_at and next_at > now else most)
    lanes, single = max(next_at or now, now - _BURST), max(single_at or now, now - _BURST)
    for each in some:
        if _has_slot(each.row, now):
            continue
        slot = lanes if each.row.lane_id else single
        if slot > now:
            seen.waits[each.id] = Wait(slot, f"At most {most} emails a minute go to {domain}.", slot)
        if each.row.lane_id:
            lanes += step
        else:
            single += single_step
    if row is None:
        insert_new(_domains, [{"domain": domain, "refusals": 0}], returning=_domains.c.refusals)
    paced = sa.update(_domains).where(_domains.c.domain == domain)
    db.session.connection().execute(paced.values(next_at=lanes, next_single_at=single))


def _has_slot(row: Any, now: datetime) -> bool:
    return row.slot_at is not None and row.slot_at == row.due_at and now - row.slot_at < _STALE
