"""Two contacts become one: what either of them refused stays refused."""

from __future__ import annotations

import sqlalchemy as sa

from crm.activity.vocabulary import Actor
from crm.contacts.models import Contact
from crm.database import db
from crm.preferences.choices import choose, preferences_of, standing
from crm.preferences.models import SWITCHES, ContactTopic, Topic
from crm.preferences.proof import Source
from crm.preferences.queries import in_force


def keep_refusals(survivor: Contact, loser: Contact, by: Actor) -> None:
    """Before the merge: switch off for the survivor what the other has switched off by choice, or left."""
    row = preferences_of(loser)
    refused = {key: False for key in SWITCHES if row.id is not None and not getattr(row, key)}
    topics = (
        sa.select(Topic.slug)
        .join(ContactTopic)
        .where(ContactTopic.contact_id == loser.id, ContactTopic.is_on.is_(False))
    )
    refused |= {f"topic:{slug}": False for slug in db.session.scalars(topics)}
    if loser.email and in_force(loser.email):
        refused["marketing_emails"] = False
    stands = standing(survivor) if refused else {}
    choose(
        survivor, {key: False for key in refused if stands.get(key)}, Source("staff", by, f"Merged with {loser.name}")
    )
