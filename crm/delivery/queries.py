"""Questions about suppressed addresses, in plain or, of people who were erased, as a keyed hash."""

from __future__ import annotations

import hmac
import json
from collections.abc import Collection, Iterable

import sqlalchemy as sa
from flask import current_app

from crm.database import db, table_of
from crm.delivery.models import Suppression
from crm.lib.bulk import listed
from crm.lib.mail_names import spellings

_suppressions = table_of(Suppression)
_SUPPRESSED = sa.select(_suppressions.c.address, _suppressions.c.reason).where(
    _suppressions.c.channel == sa.bindparam("channel"), _suppressions.c.address.in_(listed("addresses", sa.Text))
)


_ERASED = (
    sa.select(_suppressions.c.id)
    .where(_suppressions.c.channel == sa.bindparam("channel"), _suppressions.c.kind == "erased")
    .limit(1)
)


def suppressed_among(addresses: Collection[str], channel: str = "email") -> dict[str, str]:
    """Those of these addresses nothing may be sent to, each with the reason."""
    spelt = {spelling: each.lower() for each in addresses for spelling in spellings(each)}
    if spelt and has_erased(channel):
        spelt |= {hashed: spelt[each] for each in [*spelt] for hashed in hashes_of(each)}
    rows = db.session.execute(_SUPPRESSED, {"channel": channel, "addresses": json.dumps([*spelt])}) if spelt else ()
    return {spelt[address]: reason for address, reason in rows}


def has_erased(channel: str = "email") -> bool:
    """Whether any address is kept as a hash alone."""
    return db.session.scalar(_ERASED, {"channel": channel}) is not None


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
