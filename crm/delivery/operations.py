"""Addresses never to write to again."""

from __future__ import annotations

from crm.database import insert_new, table_of
from crm.delivery.models import Suppression
from crm.lib import clock


def suppress(address: str, reason: str, channel: str = "email") -> bool:
    """Send nothing to this address any more; whether that was new. The first reason stays."""
    row = {"channel": channel, "address": address.lower(), "reason": reason[:255], "created_at": clock.now()}
    return bool(insert_new(table_of(Suppression), [row]))
