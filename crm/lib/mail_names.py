"""One address, several spellings: a host with letters beyond ASCII goes out in ASCII (IDNA, RFC 5891), and comes back so in all that is told of it."""

from __future__ import annotations

import idna


def spellings(address: str) -> set[str]:
    """The address in lower case, as people write its host and as mail servers do."""
    plain = address.lower()
    if plain.isascii() and "xn--" not in plain:
        return {plain}
    local, at, host = plain.rpartition("@")
    return {plain, *(f"{local}{at}{each}" for each in (_written(host), _sent(host)))}


def as_written(address: str) -> str:
    """The address in lower case, its host as people write it."""
    plain = address.lower()
    if "xn--" not in plain:
        return plain
    local, at, host = plain.rpartition("@")
    return f"{local}{at}{_written(host)}"


def own_spelling(address: str, *known: str | None) -> str:
    """The one of these addresses that this one is, in lower case; itself as people write it if it is none of them."""
    mine = spellings(address)
    return next((each.lower() for each in known if each and spellings(each) & mine), as_written(address))


def _written(host: str) -> str:
    try:
        return idna.decode(host)
    except (idna.IDNAError, UnicodeError):
        return host


def _sent(host: str) -> str:
    try:
        return idna.encode(host, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        return host
