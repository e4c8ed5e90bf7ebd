"""What tags add to the contact list: a filter, a column, and adding or removing a tag for the chosen contacts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crm.contacts.columns import Column
from crm.contacts.listing import BulkAction, Choice, Filter
from crm.tags.queries import all_tags, tag_by_ref, tags_of, wears_any
from crm.users.models import User


def _choices() -> list[Choice]:
    return [Choice(tag.slug, tag.name, tag.color) for tag in all_tags()]


def _wears(refs: Sequence[str]) -> sa.ColumnElement[bool]:
    ids = [tag.id for ref in refs if (tag := tag_by_ref(ref))]
    return wears_any(ids) if ids else sa.false()


def _bulk_values(_viewer: User) -> Mapping[str, Any]:
    return {"tags": all_tags()}


FILTER = Filter("tag", "Tag", "tag", _choices, _wears)
COLUMN = Column("tags", "Tags", tags_of, "tags/_cell.html")
BULK = BulkAction("tags/_bulk.html", _bulk_values)
