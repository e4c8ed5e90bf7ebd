"""What audiences add to the contact list: a filter, and adding the chosen contacts to one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crm.audiences.queries import all_audiences, audience_by_ref, is_in_any, static_audiences
from crm.contacts.listing import BulkAction, Choice, Filter
from crm.users.models import User


def _choices() -> list[Choice]:
    return [Choice(each.slug, each.name) for each in all_audiences()]


def _is_in(refs: Sequence[str]) -> sa.ColumnElement[bool]:
    ids = [found.id for ref in refs if (found := audience_by_ref(ref))]
    return is_in_any(ids) if ids else sa.false()


def _bulk_values(_viewer: User) -> Mapping[str, Any]:
    return {"audiences": static_audiences()}


FILTER = Filter("audience", "Audience", "target", _choices, _is_in)
BULK = BulkAction("audiences/_bulk.html", _bulk_values)
