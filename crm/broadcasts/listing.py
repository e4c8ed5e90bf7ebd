"""What broadcasts add to the contact list: writing to the chosen contacts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm.contacts.listing import BulkAction
from crm.users.models import User


def _values(_viewer: User) -> Mapping[str, Any]:
    return {}


BULK = BulkAction("broadcasts/_bulk.html", _values, "crm.broadcasts.create")
