"""Signed tokens for links that leave the house: opens, clicks, unsubscribes. A token of one kind is worthless as another."""

from __future__ import annotations

import hashlib
import hmac
from binascii import b2a_base64
from collections.abc import Sequence
from functools import lru_cache

from flask import Flask, current_app

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_BLOCK = 64  # bytes of a block of SHA-256
_LETTERS = 43  # what its 32 bytes are in base64; with a byte of nothing behind them 44, and no padding


class Tokens:
    """Signs and reads tokens. The first secret signs; all of them are accepted, so that a changed secret breaks no old link.

    A token is a few whole numbers in base 36 and 256 bits of HMAC: it needs no row, does not expire, and cannot be guessed.
    """

    def __init__(self, secret: str, fallbacks: Sequence[str] = ()):
        if not secret:
            raise ValueError("SECRET_KEY is empty: no token can be signed.")
        self._secrets = (secret, *filter(None, fallbacks))
        self._macs: dict[str, list[_Mac]] = {}

    def sign(self, kind: str, *numbers: int) -> str:
        """The token of `kind` ("open", "click", …) that carries these numbers."""
        value = ".".join([_base36(each) for each in numbers])
        return f"{value}~{self._of_kind(kind)[0].of(value)}"

    def sign_each(self, kind: str, number: int, count: int) -> list[str]:
        """What `sign(kind, number, 0)`, `sign(kind, number, 1)` and so on give."""
        start = f"{_base36(number)}."
        values = [start + each for each in _first(count)]
        return [f"{value}~{mac}" for value, mac in zip(values, self._of_kind(kind)[0].of_each(values), strict=True)]

    def read(self, kind: str, token: str) -> tuple[int, ...] | None:
        """The numbers in a token of this kind; None if it was altered, forged or made for another purpose."""
        value, _, mac = token.rpartition("~")
        if not (value.isascii() and mac.isascii()):
            return None
        for own in self._of_kind(kind):
            if hmac.compare_digest(mac, own.of(value)):  # the text, not its bytes: one signature, one spelling
                return _numbers(value)
        return None

    def _of_kind(self, kind: str) -> list[_Mac]:
        if kind not in self._macs:
            self._macs[kind] = [
                _Mac(hmac.digest(each.encode(), f"cohort.{kind}".encode(), "sha256")) for each in self._secrets
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


class _Mac:
    """HMAC-SHA256 (RFC 2104) of texts under a key of 32 bytes, in base64.

    A mail has a dozen links: the key is worked in once, not each time, and they are put into letters together.
    """

    def __init__(self, key: bytes):
        padded = key.ljust(_BLOCK, b"\0")
        self._inner, self._outer = (hashlib.sha256(bytes(byte ^ pad for byte in padded)) for pad in (0x36, 0x5C))

    def of(self, value: str) -> str:
        """The MAC of one text."""
        first, second = self._inner.copy(), self._outer.copy()
        first.update(value.encode())
        second.update(first.digest())
        return b2a_base64(second.digest(), newline=False).translate(_URL_SAFE, b"=").decode()

    def of_each(self, values: Sequence[str]) -> list[str]:
        """The MACs of several."""
        copy_inner, copy_outer, digests = self._inner.copy, self._outer.copy, []
        for value in values:
            first, second = copy_inner(), copy_outer()
            first.update(value.encode())
            second.update(first.digest())
            digests.append(second.digest())
        digests.append(b"")
        letters = b2a_base64(b"\0".join(digests), newline=False).translate(_URL_SAFE).decode()
        return [letters[at : at + _LETTERS] for at in range(0, len(letters), _LETTERS + 1)]


def _numbers(value: str) -> tuple[int, ...] | None:
    try:
        return tuple(int(part, 36) for part in value.split("."))
    except ValueError:
        return None


@lru_cache(maxsize=64)
def _first(count: int) -> list[str]:
    return [_base36(number) for number in range(count)]


@lru_cache(maxsize=256)
def _base36(number: int) -> str:
    if number < 0:
        raise ValueError("A token carries whole numbers from 0 up.")
    digits = _DIGITS[number % 36]
    while number := number // 36:
        digits = _DIGITS[number % 36] + digits
    return digits
