"""Questions about suppressed addresses, in plain or, of people who were erased, as a keyed hash."""

from __future__ import annotations

import hmac
from collections.abc import Collection, Iterable

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


def has_erased(channel: str = "email") -> bool:
    """Whether any address is kept as a hash alone."""
    hashed = Suppression.channel == channel, Suppression.kind == "erased"
    return db.session.scalar(sa.select(Suppression.id).where(*hashed).limit(1)) is not None


def erased_among(addresses: Iterable[str], channel: str = "email") -> set[str]:
    """Those of these addresses that are suppressed as a hash alone, as they were given. They may be a million."""
    hashed = Suppression.channel == channel, Suppression.kind == "erased"
    known = {bytes.fromhex(each[5:]) for each in db.session.scalars(sa.select(Suppression.address).where(*hashed))}
    keys = [each.encode() for each in _secrets()]
    return {each for each in addresses if any(hmac.digest(key, _named(each), "sha256") in known for key in keys)}


def hashes_of(address: str) -> list[str]:
    """The address as a keyed hash, under the present secret and then the older ones."""
    return ["hmac:" + hmac.digest(each.encode(), _named(address), "sha256").hex() for each in _secrets()]


def _secrets() -> list[str]:
    return [current_app.config["SECRET_KEY"], *current_app.config["SECRET_KEY_FALLBACKS"]]


def _named(address: str) -> bytes:
    return f"suppressed:{address.lower()}".encode()
