"""Signed tokens for links that leave the house: opens, clicks, unsubscribes. A token of one kind is worthless as another."""

import base64
import hmac
from collections.abc import Sequence

from flask import Flask, current_app

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class Tokens:
    """Signs and reads tokens. The first secret signs; all of them are accepted, so that a changed secret breaks no old link.

    A token is a few whole numbers in base 36 and 256 bits of HMAC: it needs no row, does not expire, and cannot be guessed.
    """

    def __init__(self, secret: str, fallbacks: Sequence[str] = ()):
        if not secret:
            raise ValueError("SECRET_KEY is empty: no token can be signed.")
        self._secrets = (secret, *filter(None, fallbacks))
        self._keys: dict[str, list[bytes]] = {}

    def sign(self, kind: str, *numbers: int) -> str:
        """The token of `kind` ("open", "click", …) that carries these numbers."""
        value = ".".join(map(_base36, numbers))
        return f"{value}~{_mac(self._of_kind(kind)[0], value)}"

    def read(self, kind: str, token: str) -> tuple[int, ...] | None:
        """The numbers in a token of this kind; None if it was altered, forged or made for another purpose."""
        value, _, mac = token.rpartition("~")
        if not (value.isascii() and mac.isascii()):
            return None
        for key in self._of_kind(kind):
            if hmac.compare_digest(mac, _mac(key, value)):  # the text, not its bytes: one signature, one spelling
                return _numbers(value)
        return None

    def _of_kind(self, kind: str) -> list[bytes]:
        if kind not in self._keys:
            self._keys[kind] = [
                hmac.digest(each.encode(), f"cohort.{kind}".encode(), "sha256") for each in self._secrets
            ]
        return self._keys[kind]


def tokens() -> Tokens:
    """What signs and reads this school's links."""
    return tokens_of(current_app)


def tokens_of(app: Flask) -> Tokens:
    """The same for an app outside of its context."""
    if "tokens" not in app.extensions:
        app.extensions["tokens"] = Tokens(app.config["SECRET_KEY"], app.config["SECRET_KEY_FALLBACKS"])
    return app.extensions["tokens"]


def _mac(key: bytes, value: str) -> str:
    """A mail has a dozen links and a server thousands of readers: one call of the C library, no objects in between."""
    return base64.urlsafe_b64encode(hmac.digest(key, value.encode(), "sha256")).rstrip(b"=").decode()


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
