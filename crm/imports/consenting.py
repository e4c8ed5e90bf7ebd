"""Consent of imported contacts: where it comes from is kept, or they are asked to confirm. What somebody refused before stays refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import sqlalchemy as sa

from crm.activity.vocabulary import Actor
from crm.database import db, table_of
from crm.email.confirming import ask_many
from crm.lib import clock
from crm.lib.bulk import execute_many
from crm.preferences.models import ConsentRecord
from crm.preferences.proof import Source, keep_many, rows_of
from crm.preferences.queries import unsubscribed_among


class _Rules(Protocol):
    @property
    def actor(self) -> Actor: ...
    @property
    def consent_note(self) -> str: ...
    @property
    def asks_confirmation(self) -> bool: ...
    @property
    def file_name(self) -> str: ...


def keep_consent(new: Mapping[int, str], rules: _Rules, said: Mapping[int, int]) -> None:
    """For contacts that are new, by id with their addresses. An address that left before gets neither proof nor question.

    `said` are those of whom the file itself says that they consent, with the line.
    """
    if not new or not (rules.consent_note or rules.asks_confirmation or said):
        return
    left = unsubscribed_among(new.values())
    willing = {contact_id: email for contact_id, email in new.items() if email not in left}
    if rules.consent_note:
        keep_many(willing.items(), {"subscription": True}, Source("import", rules.actor, rules.consent_note))
    elif said:
        agreed = [each for each in willing.items() if each[0] in said]
        rows = [
            row
            for each in agreed
            for row in rows_of([each], {"subscription": True}, _stands(rules, said[each[0]]), clock.now())
        ]
        execute_many(db.session.connection(), sa.insert(table_of(ConsentRecord)), rows)
    if rules.asks_confirmation:
        ask_many(list(willing), rules.actor.name)


def _stands(rules: _Rules, line: int) -> Source:
    return Source("import", rules.actor, f"{rules.file_name}, line {line}")
