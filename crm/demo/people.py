"""The demo's contacts, in bulk."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import Any

import sqlalchemy as sa

from crm.contacts.indexing import index_new, text_of
from crm.contacts.models import Contact, sort_name
from crm.database import commit, db, table_of
from crm.demo.names import DOMAINS, FIRST, LAST, PLACES, SOURCES, STAGES
from crm.lib import clock

BATCH = 5_000
YEARS = 2


def add_contacts(
    count: int,
    seed: int = 1,
    owners: tuple[int, ...] = (),
    at: datetime | None = None,
    progress: Callable[[int], object] = lambda _: None,
) -> range:
    """Add so many contacts and index them. Commits batch by batch; the ids of the new ones."""
    first = (db.session.scalar(sa.select(sa.func.max(Contact.id))) or 0) + 1
    chance = random.Random(seed)  # noqa: S311
    made = contact_rows(first, count, chance, owners, at or clock.now())
    for _ in range(0, count, BATCH):
        rows = list(islice(made, BATCH))
        db.session.execute(sa.insert(table_of(Contact)), rows)
        texts = [text_of(each["sort_name"], each["email"], each["phone"]) for each in rows]
        index_new([each["id"] for each in rows], texts, {each["sort_name"] for each in rows})
        commit()
        progress(len(rows))
    return range(first, first + count)


def contact_rows(
    first_id: int, count: int, chance: random.Random, owners: tuple[int, ...], at: datetime
) -> Iterator[dict[str, Any]]:
    """Rows of `contacts`, oldest first, more of them lately than long ago."""
    span = timedelta(days=365 * YEARS)
    places = _weighted([(place[:5], place[5]) for place in PLACES])
    sources, stages = _weighted(SOURCES), _weighted(STAGES)
    for number in range(count):
        created = at - span * (1 - ((number + chance.random()) / count) ** 0.7)
        yield _row(
            first_id + number,
            chance,
            created,
            chance.choice(places),
            chance.choice(sources),
            chance.choice(stages),
            owners,
        )


def _row(
    number: int,
    chance: random.Random,
    created: datetime,
    place: tuple[Any, ...],
    source: str,
    stage: str,
    owners: tuple[int, ...],
) -> dict[str, Any]:
    country, language, zone, prefix, cities = place
    first, last = chance.choice(FIRST), chance.choice(LAST).replace("-", " ")
    email = f"{_plain(first)}.{_plain(last)}{number}@{chance.choice(DOMAINS)}" if chance.random() < 0.96 else None
    return {
        "id": number,
        "first_name": first,
        "last_name": last,
        "sort_name": sort_name(first, last, email),
        "email": email,
        "phone": f"{prefix}{number % 10_000_000:07d}"[:15] if chance.random() < 0.7 else None,
        "country": country,
        "city": chance.choice(cities),
        "language": language,
        "timezone": zone,
        "source": source,
        "birthday": (created - timedelta(days=chance.randint(16 * 365, 68 * 365))).date()
        if chance.random() < 0.6
        else None,
        "lifecycle_stage": stage,
        "stage_changed_at": created,
        "owner_id": chance.choice(owners) if owners and chance.random() < 0.8 else None,
        "created_at": created,
        "updated_at": created,
        "last_activity_at": created,
    }


def _weighted(choices: tuple[tuple[Any, int], ...] | list[tuple[Any, int]]) -> list[Any]:
    return [value for value, weight in choices for _ in range(weight)]


@lru_cache(maxsize=1024)
def _plain(name: str) -> str:
    """A name as it stands in an address."""
    letters = unicodedata.normalize("NFKD", name.lower().replace("ł", "l").replace("ı", "i"))
    return "".join(letter for letter in letters if letter.isascii() and letter.isalnum())
