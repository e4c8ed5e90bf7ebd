"""Consent of imported contacts: where it comes from is kept, or they are asked to confirm. What somebody refused before stays refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from crm.activity.vocabulary import Actor
from crm.email.confirming import ask_many
from crm.preferences.proof import Source, keep_many
from crm.preferences.queries import unsubscribed_among


class _Rules(Protocol):
    @property
    def actor(self) -> Actor: ...
    @property
    def consent_note(self) -> str: ...
    @property
    def asks_confirmation(self) -> bool: ...


def keep_consent(new: Mapping[int, str], rules: _Rules) -> None:
    """For contacts that are new, by id with their addresses. An address that left before gets neither proof nor question."""
    if not new or not (rules.consent_note or rules.asks_confirmation):
        return
    left = unsubscribed_among(new.values())
    willing = {contact_id: email for contact_id, email in new.items() if email not in left}
    if rules.consent_note:
        keep_many(willing.items(), {"subscription": True}, Source("import", rules.actor, rules.consent_note))
    if rules.asks_confirmation:
        ask_many(list(willing), rules.actor.name)
