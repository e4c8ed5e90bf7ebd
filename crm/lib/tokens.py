"""Signed tokens for links that leave the house: opens, clicks, unsubscribes. A token of one kind is worthless as another."""

import hashlib
import hmac
from binascii import b2a_base64
from collections.abc import Callable, Sequence

from flask import Flask, current_app

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_BLOCK = 64  # bytes of a block of SHA-256
Mac = Callable[[str], str]


class Tokens:
    """Signs and reads tokens. The first secret signs; all of them are accepted, so that a changed secret breaks no old link.

    A token is a few whole numbers in base 36 and 256 bits of HMAC: it needs no row, does not expire, and cannot be guessed.
    """

    def __init__(self, secret: str, fallbacks: Sequence[str] = ()):
        if not secret:
            raise ValueError("SECRET_KEY is empty: no token can be signed.")
        self._secrets = (secret, *filter(None, fallbacks))
        self._macs: dict[str, list[Mac]] = {}

    def sign(self, kind: str, *numbers: int) -> str:
        """The token of `kind` ("open", "click", …) that carries these numbers."""
        value = ".".join(map(_base36, numbers))
        return f"{value}~{self._of_kind(kind)[0](value)}"

    def sign_each(self, kind: str, number: int, count: int) -> list[str]:
        """What `sign(kind, number, 0)`, `sign(kind, number, 1)` and so on give."""
        mac, start = self._of_kind(kind)[0], f"{_base36(number)}."
        values = [start + _base36(at) for at in range(count)]
        return [f"{value}~{mac(value)}" for value in values]

    def read(self, kind: str, token: str) -> tuple[int, ...] | None:
        """The numbers in a token of this kind; None if it was altered, forged or made for another purpose."""
        value, _, mac = token.rpartition("~")
        if not (value.isascii() and mac.isascii()):
            return None
        for own in self._of_kind(kind):
            if hmac.compare_digest(mac, own(value)):  # the text, not its bytes: one signature, one spelling
                return _numbers(value)
        return None

    def _of_kind(self, kind: str) -> list[Mac]:
        if kind not in self._macs:
            self._macs[kind] = [
                _mac(hmac.digest(each.encode(), f"cohort.{kind}".encode(), "sha256")) for each in self._secrets
            ]
        return self._macs[kind]


def tokens() -> Tokens:
    """What signs and reads this school's links."""
    return tokens_of(current_app)


def tokens_of(app: Flask) -> Tokens:
    """The same for an app outside of its context."""
    if "tokens" not in app.extensions:
        app.extensions["tokens"] = Tokens(app.config["SECRET_KEY"], app.config["SECRET_KEY_FALLBACKS"])
    return app.extensions["tokens"]


def _mac(key: bytes) -> Mac:
    """HMAC-SHA256 (RFC 2104) of a text under this key of 32 bytes, in base64.

    A mail has a dozen links: the key is worked in once, not each time, which takes a fifth of the time.
    """
    padded = key.ljust(_BLOCK, b"\0")
    inner, outer = (hashlib.sha256(bytes(byte ^ pad for byte in padded)) for pad in (0x36, 0x5C))

    def signed(value: str) -> str:
        first, second = inner.copy(), outer.copy()
        first.update(value.encode())
        second.update(first.digest())
        return b2a_base64(second.digest(), newline=False).translate(_URL_SAFE, b"=").decode()

    return signed


def _numbers(value: str) -> tuple[int, ...] | None:
    try:
        return tuple(int(part, 36) for part in value.split("."))
    except ValueError:
        return None


def _base36(number: int) -> str:
    if number < 0:
        raise ValueError("A token carries whole numbers from 0 up.")
    digits = _DIGITS[number % 36]
    while number := number // 36:
        digits = _DIGITS[number % 36] + digits
    return digits
