"""Addresses never to write to again. Those of people who were erased are kept as a keyed hash alone."""

from __future__ import annotations

import sqlalchemy as sa

from crm.database import db, insert_new, table_of
from crm.delivery.models import Suppression
from crm.delivery.queries import hashes_of
from crm.lib import clock


def suppress(address: str, reason: str, channel: str = "email") -> bool:
    """Send nothing to this address any more; whether that was new. The first reason stays."""
    row = {"channel": channel, "address": address.lower(), "reason": reason[:255], "created_at": clock.now()}
    return bool(insert_new(table_of(Suppression), [row]))


def suppress_secretly(address: str, reason: str, channel: str = "email") -> None:
    """Send nothing to this address any more, without keeping it: a hash takes its place."""
    mine = Suppression.channel == channel, Suppression.address == address.lower()
    db.session.execute(sa.delete(Suppression).where(*mine))
    suppress(hashes_of(address)[0], reason, channel)
