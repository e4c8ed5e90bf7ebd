"""What the rows of an import are read and met by, as whoever uploaded it said and may."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import sqlalchemy as sa

from crm.activity.vocabulary import Actor
from crm.contacts.parsing import fold
from crm.custom_fields.queries import custom_fields
from crm.database import commit, db
from crm.imports.columns import FOR_ALL_SEEING
from crm.imports.meeting import Rules
from crm.imports.models import ContactImport
from crm.imports.rows import Known, RowReader
from crm.tags.models import Tag
from crm.users.models import User
from crm.users.queries import teams_by_name, users_by_name


def reader_for(found: ContactImport) -> RowReader:
    """What reads its rows. Commits."""
    creator = found.creator
    slugs = frozenset(db.session.scalars(sa.select(Tag.slug)))
    owners = {fold(user.email): user.id for user in users_by_name()}
    own = {each.name: partial(each.kind.parse, choices=each.choices) for each in custom_fields()}
    tags = None if _may_make_tags(found, creator) else slugs
    known_teams = {fold(each.name): each.id for each in teams_by_name()}
    known = Known(found.country, found.day_first, owners, tags, own, known_teams, found.dedupe)
    commit()
    mapping = found.mapping
    if creator and creator.sees_assigned_only:
        mapping = {index: field for index, field in mapping.items() if field not in FOR_ALL_SEEING}
    return RowReader(found.columns, mapping, known)


def _may_make_tags(found: ContactImport, creator: User | None) -> bool:
    return found.is_unattended or bool(creator and creator.can("crm.tags.manage"))


def rules_for(found: ContactImport) -> Rules:
    """How its rows meet contacts; what the file fills is the reader's to say."""
    creator = found.creator
    actor = replace(creator.actor, name=f"Import of {found.file_name} by {creator.name}") if creator else None
    only_of = creator.id if creator and creator.sees_assigned_only else None
    return Rules(
        found.existing,
        tuple(found.tag_ids),
        actor or Actor(name=f"Import of {found.file_name}"),
        only_of,
        found.dedupe,
        found.consent_note,
        found.asks_confirmation,
        found.file_name,
    )
