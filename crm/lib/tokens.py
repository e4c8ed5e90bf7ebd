"""Signed tokens for links that leave the house: opens, clicks, unsubscribes. A token of one kind is worthless as another."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import Any

from flask import current_app
from itsdangerous import BadSignature, Signer

_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class Tokens:
    """Signs and reads tokens. The first secret signs; all of them are accepted, so that a changed secret breaks no old link.

    A token is a few whole numbers in base 36 and 256 bits of HMAC: it needs no row, does not expire, and cannot be guessed.
    """

    def __init__(self, secret: str, fallbacks: Sequence[str] = ()):
        if not secret:
            raise ValueError("SECRET_KEY is empty: no token can be signed.")
        self._secrets = (secret, *filter(None, fallbacks))
        self._signers: dict[str, list[_KeptKeySigner]] = {}

    def sign(self, kind: str, *numbers: int) -> str:
        """The token of `kind` ("open", "click", …) that carries these numbers."""
        value = ".".join(map(_base36, numbers))
        return f"{value}~{self._of_kind(kind)[0].signature(value.encode())}"

    def read(self, kind: str, token: str) -> tuple[int, ...] | None:
        """The numbers in a token of this kind; None if it was altered, forged or made for another purpose."""
        for signer in self._of_kind(kind):
            try:
                value = signer.unsign(token).decode()
                if signer.sign(value).decode() != token:  # base64 has spare bits: one signature, one spelling
                    continue
                return tuple(int(part, 36) for part in value.split("."))
            except (BadSignature, ValueError):
                continue
        return None

    def _of_kind(self, kind: str) -> "list[_KeptKeySigner]":
        if kind not in self._signers:
            self._signers[kind] = [_signer(secret, kind) for secret in self._secrets]
        return self._signers[kind]


def tokens() -> Tokens:
    """What signs and reads this school's links."""
    app = current_app
    if "tokens" not in app.extensions:
        app.extensions["tokens"] = Tokens(app.config["SECRET_KEY"], app.config["SECRET_KEY_FALLBACKS"])
    return app.extensions["tokens"]


class _KeptKeySigner(Signer):
    """A signer that derives its key once instead of at every call: a mail has a dozen links."""

    @lru_cache(maxsize=64)  # noqa: B019  signers live as long as the program
    def derive_key(self, secret_key=None) -> bytes:
        return super().derive_key(secret_key)

    def signature(self, value: bytes) -> str:
        """What `sign` appends to a value, in a quarter of the time: HMAC (RFC 2104) from two states that hold the key already."""
        inner, outer = self._states
        first, second = inner.copy(), outer.copy()
        first.update(value)
        second.update(first.digest())
        return urlsafe_b64encode(second.digest())[:-1].decode()

    @cached_property
    def _states(self) -> tuple[Any, Any]:
        key = self.derive_key().ljust(64, b"\0")
        return hashlib.sha256(key.translate(_INNER)), hashlib.sha256(key.translate(_OUTER))


def _signer(secret: str, kind: str) -> _KeptKeySigner:
    return _KeptKeySigner(secret, salt=f"cohort.{kind}", sep="~", key_derivation="hmac", digest_method=hashlib.sha256)


def _base36(number: int) -> str:
    if number < 0:
        raise ValueError("A token carries whole numbers from 0 up.")
    digits = _DIGITS[number % 36]
    while number := number // 36:
        digits = _DIGITS[number % 36] + digits
    return digits
