"""Second thoughts about clicks: those that came so soon after the delivery that they may be a scanner's.

They wait some seconds. Whoever followed link after link meanwhile is a program; the rest are people's, and only then is anything
told. A scanner that takes its time is recognised late: what it caused is put right, and its activities are marked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from crm.database import after_commit, db, table_of
from crm.email import corrections
from crm.email.machines import BURST, BURST_LINKS, EVERYTHING, PERSON, SETTLING, WAITING
from crm.email.models import EmailLink, EmailLinkClick
from crm.email.tracking import Page, earlier_clicks, messages_of
from crm.queue import nudge

BATCH = 500
SLOWLY = timedelta(seconds=15)
"""A scanner that follows every link of a mail of four links or more, with pauses no longer than this, is one too."""
SLOW_LINKS = 4
_clicks, _links = table_of(EmailLinkClick), table_of(EmailLink)


@dataclass(frozen=True)
class Followed:
    """A click on a message, as far as it matters here."""

    id: int
    position: int | None
    url: str
    at: datetime
    ip_address: str | None
    visitor: str


def settle_clicks(now: datetime) -> int:
    """Judge the clicks that have waited long enough, up to a batch; how many there were."""
    connection = db.session.connection()
    due = sa.select(_clicks.c.email_message_id).where(
        _clicks.c.visitor == WAITING, _clicks.c.clicked_at <= now - SETTLING
    )
    ids = set(connection.scalars(due.order_by(_clicks.c.clicked_at).limit(BATCH)))
    if not ids:
        return 0
    rows = messages_of(connection, ids)
    programs: dict[int, list[Followed]] = {}
    people: dict[int, list[Followed]] = {}
    counts = _link_counts(connection, {row.content_id for row in rows.values()})
    for number, followed in _followed(connection, ids).items():
        suspects = scanned(followed, counts.get(rows[number].content_id, 0))
        programs[number] = [each for each in followed if each.id in suspects and each.visitor in (WAITING, PERSON)]
        waiting = [each for each in followed if each.visitor == WAITING and each.id not in suspects]
        people[number] = [each for each in waiting if each.at <= now - SETTLING]
    settled = _believe(connection, rows, people)
    for number, suspected in programs.items():
        corrections.take_back(connection, rows[number], suspected, EVERYTHING)
    after_commit(nudge, "dispatch")
    return settled + sum(map(len, programs.values()))


def scanned(followed: Sequence[Followed], links: int) -> set[int]:
    """Which of the clicks on a message, oldest first, are a scanner's: a burst, or every one of its `links` without a pause."""
    suspects: set[int] = set()
    for at, first in enumerate(followed):
        burst = [each for each in followed[at:] if each.at - first.at <= BURST]
        if len({each.position for each in burst}) >= BURST_LINKS:
            suspects |= {each.id for each in burst}
    for chain in _chains(followed):
        if links >= SLOW_LINKS and len({each.position for each in chain}) >= links:
            suspects |= {each.id for each in chain}
    guilty = {each.ip_address for each in followed if each.id in suspects}
    return suspects | {each.id for each in followed if each.ip_address in guilty and each.visitor == WAITING}


def _chains(followed: Sequence[Followed]) -> Iterator[list[Followed]]:
    """The clicks from one address that follow each other without a pause."""
    by_address: dict[str | None, list[Followed]] = defaultdict(list)
    for each in followed:
        chain = by_address[each.ip_address]
        if chain and each.at - chain[-1].at > SLOWLY:
            yield chain
            by_address[each.ip_address] = [each]
        else:
            chain.append(each)
    yield from by_address.values()


def _followed(connection: sa.Connection, ids: set[int]) -> dict[int, list[Followed]]:
    """The clicks on these messages that are no known program's, oldest first."""
    columns = (
        _clicks.c.id,
        _clicks.c.position,
        _clicks.c.url,
        _clicks.c.clicked_at,
        _clicks.c.ip_address,
        _clicks.c.visitor,
    )
    found = connection.execute(
        sa.select(_clicks.c.email_message_id, *columns)
        .where(_clicks.c.email_message_id.in_(ids), _clicks.c.visitor.in_((WAITING, PERSON)))
        .order_by(_clicks.c.clicked_at, _clicks.c.id)
    )  # fmt: skip
    by_message: dict[int, list[Followed]] = defaultdict(list)
    for number, *facts in found:
        by_message[number].append(Followed(*facts))
    return by_message


def _link_counts(connection: sa.Connection, contents: set[int]) -> dict[int, int]:
    found = sa.select(_links.c.content_id, sa.func.count()).where(_links.c.content_id.in_(contents))
    return {row[0]: row[1] for row in connection.execute(found.group_by(_links.c.content_id))}


def _believe(connection: sa.Connection, rows: dict[int, Any], people: dict[int, list[Followed]]) -> int:
    """These are people's clicks: they count from now on, and are told."""
    ids = [each.id for followed in people.values() for each in followed]
    if not ids:
        return 0
    oldest = min(each.at for followed in people.values() for each in followed)
    page = Page(connection, rows, earlier_clicks(connection, set(people), oldest, (PERSON,)))
    for number, followed in people.items():
        for each in followed:
            page.click(rows[number], each.at, page.count_of(rows[number]), each.url)
    connection.execute(sa.update(_clicks).where(_clicks.c.id.in_(ids)).values(visitor=PERSON, machine_reason=None))
    page.write()
    return len(ids)
