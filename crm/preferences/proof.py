"""The proof of a choice: who made it, by which way, seeing which words. Rows are added, never changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crm.activity.vocabulary import Actor
from crm.database import db, table_of
from crm.lib import clock
from crm.lib.bulk import execute_many
from crm.preferences.models import ConsentRecord, Topic

_RECORD = sa.insert(table_of(ConsentRecord))
CHANNEL_OF = {"sms_enabled": "sms", "whatsapp_enabled": "whatsapp", "push_enabled": "push"}
REFUSAL_STANDS = frozenset({"import", "form"})
"""Ways that never turn on again what the contact turned off."""


@dataclass(frozen=True)
class Source:
    """Where a choice came from. `shown` are the words the person saw, by what was chosen; "" is for all the rest."""

    how: str
    by: Actor
    reason: str = ""
    ip_address: str | None = None
    shown: dict[str, str] = field(default_factory=dict)

    def words_for(self, what: str) -> str:
        return self.shown.get(what, self.shown.get("", ""))


def keep(contact_id: int, address: str, choices: dict[str, bool], source: Source) -> None:
    """Keep the proof of these choices."""
    keep_many([(contact_id, address)], choices, source)


def keep_many(contacts: Iterable[tuple[int, str]], choices: dict[str, bool], source: Source) -> None:
    """Keep the proof of the same choices of many contacts, in one statement."""
    rows = rows_of(contacts, choices, source, clock.now())
    if rows:
        db.session.flush()
        execute_many(db.session.connection(), _RECORD, rows)


def rows_of(
    contacts: Iterable[tuple[int, str]], choices: dict[str, bool], source: Source, now: datetime
) -> list[dict[str, Any]]:
    """The proof of the same choices of many contacts, as rows."""
    common = {
        "how": source.how, "reason": source.reason[:255], "ip_address": (source.ip_address or "")[:45] or None,
        "user_id": source.by.user_id, "actor": source.by.name[:120], "given_at": now,
    }  # fmt: skip
    return [
        {**common, "contact_id": contact_id, "address": (address or "")[:255], "what": what[:120], "is_on": is_on,
         "channel": CHANNEL_OF.get(what, "email"), "shown": source.words_for(what)}
        for contact_id, address in contacts
        for what, is_on in choices.items()
    ]  # fmt: skip


def proofs_of(contact_id: int, limit: int = 50, before: int | None = None) -> Sequence[ConsentRecord]:
    """The contact's choices, newest first."""
    mine = sa.select(ConsentRecord).where(ConsentRecord.contact_id == contact_id)
    mine = mine.where(ConsentRecord.id < before) if before else mine
    return db.session.scalars(mine.order_by(ConsentRecord.id.desc()).limit(limit)).all()


def newest_of(contact_id: int) -> dict[str, ConsentRecord]:
    """For each thing that was chosen, the newest proof."""
    newest = sa.select(sa.func.max(ConsentRecord.id)).where(ConsentRecord.contact_id == contact_id)
    found = sa.select(ConsentRecord).where(ConsentRecord.id.in_(newest.group_by(ConsentRecord.what)))
    return {each.what: each for each in db.session.scalars(found)}


def topic_names(records: Collection[ConsentRecord]) -> dict[str, str]:
    """The names of the topics in these records, by what the records call them; one that is gone keeps its slug."""
    slugs = {each.what.removeprefix("topic:") for each in records if each.what.startswith("topic:")}
    named = dict(db.session.execute(sa.select(Topic.slug, Topic.name).where(Topic.slug.in_(slugs))).all())
    return {f"topic:{slug}": named.get(slug, slug) for slug in slugs}
