"""Signing email with the school's own key (DKIM, RFC 6376; Ed25519 by RFC 8463), relaxed in both canonicalisations.

Keys live in `dkim/<domain>/` of the instance folder, readable by its user only: `<selector>.pem`, and `on` once signing is turned on, which is
for when the DNS has the record. Nothing here gives a private key away.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from flask import current_app

from crm.delivery.signer import signature_of

ALGORITHMS = {"rsa": "RSA with 2048 bits, which every mailbox provider reads", "ed25519": "Ed25519, short and quick"}
SIGNED = (
    b"from", b"to", b"subject", b"date", b"message-id", b"reply-to", b"list-unsubscribe", b"list-unsubscribe-post", b"list-id",
    b"mime-version", b"content-type",
)  # fmt: skip
TWICE = (b"from", b"subject", b"date")
"""Signed once more than they stand there, so that nobody can add a second one."""
_DOMAIN = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_BLANKS = re.compile(rb"[ \t]{2,}|\t")
_FOLD = re.compile(rb"\r\n([ \t])")
_FOLDED = b"\r\n "


@dataclass(frozen=True)
class Key:
    """A signing key of a domain."""

    domain: str
    selector: str
    algorithm: str
    private: Any = field(repr=False, compare=False)

    def sign(self, data: bytes) -> bytes:
        """The signature of this."""
        return signature_of(self.private, hashlib.sha256(data).digest())

    @cached_property
    def der(self) -> bytes:
        """The private half in base64, for a process of our own and nobody else."""
        form = serialization.PrivateFormat.PKCS8
        return base64.b64encode(
            self.private.private_bytes(serialization.Encoding.DER, form, serialization.NoEncryption())
        )

    @property
    def public(self) -> str:
        """The public half as the DNS wants it."""
        key = self.private.public_key()
        if self.algorithm == "ed25519":
            return base64.b64encode(key.public_bytes_raw()).decode()
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return base64.b64encode(key.public_bytes(serialization.Encoding.DER, form)).decode()


def make_key(domain: str, algorithm: str = "rsa") -> Key:
    """A key for signing mail of this domain; the one there already, if there is one. Raises ValueError for what is no domain.

    Signing begins with `turn_on`.
    """
    domain = _checked(domain)
    if algorithm not in ALGORITHMS:
        raise ValueError(f"“{algorithm}” is no kind of key; there are {', '.join(ALGORITHMS)}")
    found = [key for key in keys_of(domain) if key.algorithm == algorithm]
    if found:
        return found[0]
    made = ed25519.Ed25519PrivateKey.generate() if algorithm == "ed25519" else rsa.generate_private_key(65537, 2048)
    text = made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    selector = f"cohort{'-ed' if algorithm == 'ed25519' else ''}"
    folder = _folder(domain)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(folder / f"{selector}.pem", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(text)
    return Key(domain, selector, algorithm, made)


def keys_of(domain: str) -> list[Key]:
    """The keys of a domain, whether it signs yet or not."""
    folder = _folder(domain)
    return [_read(each, each.stat().st_mtime_ns) for each in sorted(folder.glob("*.pem"))] if folder.is_dir() else []


def dns_record(key: Key) -> tuple[str, str]:
    """The name and the text of the TXT record that lets others check what this key signed."""
    return f"{key.selector}._domainkey.{key.domain}", f"v=DKIM1; k={key.algorithm}; p={key.public}"


def is_on(domain: str) -> bool:
    """Whether mail of this domain is signed."""
    return (_folder(domain) / "on").exists()


def turn_on(domain: str) -> None:
    """Sign the mail of this domain from now on. Without a key that changes nothing."""
    if keys_of(domain):
        (_folder(domain) / "on").touch(mode=0o600)


def turn_off(domain: str) -> None:
    """Sign the mail of this domain no more; its keys stay."""
    (_folder(domain) / "on").unlink(missing_ok=True)


def forget_keys(domain: str) -> None:
    """Throw the keys of a domain away, for new ones."""
    shutil.rmtree(_folder(domain), ignore_errors=True)


def signing_keys(domain: str) -> tuple[Key, ...]:
    """The keys the mail of this domain is signed with: none unless that was turned on."""
    return tuple(keys_of(domain)) if is_on(domain) else ()


@dataclass(slots=True, eq=False)
class Signature:
    """A signature header: what stands before the value, what is signed, and the value once it is known."""

    key: Key
    start: bytes
    data: bytes
    value: bytes = b""
    signer: Any = None
    """Who was asked for the value; `finish` waits for it."""

    @property
    def header(self) -> bytes:
        """The whole header. What nobody signed meanwhile is signed now."""
        if self.signer is not None:
            self.signer.finish(self)
        value = base64.b64encode(self.value or self.key.sign(self.data))
        return self.start + b"\r\n ".join(value[at : at + 70] for at in range(0, len(value), 70)) + b"\r\n"


def signatures(
    head: bytes, body: Iterable[bytes], keys: Sequence[Key], *, at: int | None = None
) -> tuple[Signature, ...]:
    """The signatures, one a key, of a message of this head (with its CRLF, without the empty line) and relaxed body, which is given in pieces."""
    digest = hashlib.sha256()
    for piece in body:
        digest.update(piece)
    end = base64.b64encode(digest.digest())
    headers = relaxed_headers(head)
    there = tuple([name for name in SIGNED if name in headers])
    text = b"".join([b"%b:%b\r\n" % (name, headers[name]) for name in there])
    moment = int(time.time()) if at is None else at
    return tuple([_signature(key, text, there, end, moment) for key in keys])


def signed(head: bytes, body: bytes, keys: Sequence[Key], *, at: int | None = None) -> bytes:
    """The signature headers for a message of this head and any body."""
    return b"".join(each.header for each in signatures(head, (relaxed_body(body),), keys, at=at))


def relaxed_headers(head: bytes) -> dict[bytes, bytes]:
    """Each header's value in its relaxed form (RFC 6376 3.4.2) by its name; of several with a name the last."""
    if _FOLDED in head or b"\r\n\t" in head:
        head = _FOLD.sub(rb"\1", head)
    if b"  " in head or b"\t" in head:
        head = _BLANKS.sub(b" ", head)
    lines = [line.partition(b":") for line in head.split(b"\r\n")]
    return {name.strip().lower(): value.strip() for name, colon, value in lines if colon}


def relaxed_body(body: bytes) -> bytes:
    """The body in its relaxed form (RFC 6376 3.4.4)."""
    lines = [_BLANKS.sub(b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)


def _signature(key: Key, text: bytes, names: tuple[bytes, ...], digest: bytes, moment: int) -> Signature:
    start, own = _started(key, names, moment)
    return Signature(key, b"%b%b;\r\n b=" % (start, digest), b"%b%b%b; b=" % (text, own, digest))


@lru_cache(maxsize=64)
def _started(key: Key, names: tuple[bytes, ...], moment: int) -> tuple[bytes, bytes]:
    """How the header begins, up to the body's digest, and the same in its relaxed form: alike for all messages of a second."""
    listed = b":".join((*names, *(name for name in TWICE if name in names)))
    start = b"DKIM-Signature: v=1; a=%b-sha256; c=relaxed/relaxed; d=%b;\r\n s=%b; t=%d; h=%b;\r\n bh=" % (
        key.algorithm.encode(), key.domain.encode(), key.selector.encode(), moment,
        listed.replace(b":list-unsubscribe:", b":" + _FOLDED + b"list-unsubscribe:"),
    )  # fmt: skip
    return start, b"dkim-signature:" + relaxed_headers(start)[b"dkim-signature"]


@lru_cache(maxsize=32)
def _read(path: Path, _changed: int) -> Key:
    private = serialization.load_pem_private_key(path.read_bytes(), None)
    algorithm = "ed25519" if isinstance(private, ed25519.Ed25519PrivateKey) else "rsa"
    return Key(path.parent.name, path.stem, algorithm, private)


def _folder(domain: str) -> Path:
    return current_app.config["INSTANCE_PATH"] / "dkim" / _checked(domain)


def _checked(domain: str) -> str:
    domain = domain.strip().lower()
    if not _DOMAIN.fullmatch(domain):
        raise ValueError(f"“{domain[:80]}” is no domain")
    return domain
