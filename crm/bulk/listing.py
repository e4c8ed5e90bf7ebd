"""What bulk actions add to the list of contacts."""

from __future__ import annotations

from crm.contacts.listing import BulkAction

BULK = BulkAction("bulk/_bulk.html", lambda _viewer: {})
