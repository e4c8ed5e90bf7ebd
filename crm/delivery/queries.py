"""Questions about suppressed addresses, in plain or, of people who were erased, as a keyed hash."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection

import sqlalchemy as sa
from flask import current_app

from crm.database import db
from crm.delivery.models import Suppression


def suppressed_among(addresses: Collection[str], channel: str = "email") -> dict[str, str]:
    """Those of these addresses nothing may be sent to, each with the reason."""
    wanted = {each.lower() for each in addresses}
    if not wanted:
        return {}
    spelt = {hashed: each for each in wanted for hashed in (each, *hashes_of(each))}
    found = sa.select(Suppression.address, Suppression.reason)
    rows = db.session.execute(found.where(Suppression.channel == channel, Suppression.address.in_(spelt))).all()
    return {spelt[address]: reason for address, reason in rows}


def hashes_of(address: str) -> list[str]:
    """The address as a keyed hash, under the present secret and then the older ones."""
    secrets = [current_app.config["SECRET_KEY"], *current_app.config["SECRET_KEY_FALLBACKS"]]
    return [
        "hmac:" + hmac.new(each.encode(), f"suppressed:{address.lower()}".encode(), hashlib.sha256).hexdigest()
        for each in secrets
    ]
