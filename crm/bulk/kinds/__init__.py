"""The kinds of bulk actions, in the order people see them."""

from __future__ import annotations

from crm.bulk.kinds.add_tag import AddTag
from crm.bulk.kinds.add_to_audience import AddToAudience
from crm.bulk.kinds.assign_owner import AssignOwner
from crm.bulk.kinds.delete import Delete
from crm.bulk.kinds.kind import Kind
from crm.bulk.kinds.remove_tag import RemoveTag
from crm.bulk.kinds.set_field import SetField
from crm.bulk.kinds.share_out import ShareOut

KINDS: dict[str, Kind] = {
    each.key: each for each in (AddTag(), RemoveTag(), AddToAudience(), AssignOwner(), ShareOut(), SetField(), Delete())
}
