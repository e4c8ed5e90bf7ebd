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
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from flask import current_app

ALGORITHMS = {"rsa": "RSA with 2048 bits, which every mailbox provider reads", "ed25519": "Ed25519, short and quick"}
SIGNED = (
    "from", "to", "subject", "date", "message-id", "reply-to", "list-unsubscribe", "list-unsubscribe-post", "list-id", "mime-version",
    "content-type",
)  # fmt: skip
TWICE = ("from", "subject", "date")
"""Signed once more than they stand there, so that nobody can add a second one."""
_DOMAIN = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_BLANKS = re.compile(rb"[ \t]+")


@dataclass(frozen=True)
class Key:
    """A signing key of a domain."""

    domain: str
    selector: str
    algorithm: str
    private: Any = field(repr=False, compare=False)

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


def signed(head: bytes, body: bytes, keys: Sequence[Key], *, at: int | None = None, is_tidy: bool = False) -> bytes:
    """The signature headers for a message of this head (with its CRLF, without the empty line) and body.

    `is_tidy` says that the body is in its relaxed form already.
    """
    if not keys:
        return b""
    digest = base64.b64encode(hashlib.sha256(body if is_tidy else relaxed_body(body)).digest()).decode()
    headers = relaxed_headers(head)
    there = [name for name in SIGNED if name in headers]
    names = [*there, *(name for name in TWICE if name in headers)]
    text = b"".join(headers[name] for name in there)
    moment = int(time.time()) if at is None else at
    return b"".join(_signature(key, text, ":".join(names), digest, moment) for key in keys)


def relaxed_headers(head: bytes) -> dict[str, bytes]:
    """Each header in its relaxed form (RFC 6376 3.4.2) by its name; of several with a name the last."""
    found = {}
    for line in head.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ").split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if colon:
            name = name.strip().lower()
            found[name.decode("ascii", "replace")] = name + b":" + _BLANKS.sub(b" ", value).strip() + b"\r\n"
    return found


def relaxed_body(body: bytes) -> bytes:
    """The body in its relaxed form (RFC 6376 3.4.4)."""
    lines = [_BLANKS.sub(b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)


def _signature(key: Key, text: bytes, names: str, digest: str, moment: int) -> bytes:
    start = (
        f"DKIM-Signature: v=1; a={key.algorithm}-sha256; c=relaxed/relaxed; d={key.domain};\r\n"
        f" s={key.selector}; t={moment}; h={names.replace(':list-unsubscribe:', ':' + chr(13) + chr(10) + ' list-unsubscribe:')};\r\n"
        f" bh={digest};\r\n b="
    ).encode()
    own = relaxed_headers(start)["dkim-signature"].removesuffix(b"\r\n")
    data = text + own
    if key.algorithm == "ed25519":
        made = key.private.sign(hashlib.sha256(data).digest())
    else:
        made = key.private.sign(data, padding.PKCS1v15(), hashes.SHA256())
    value = base64.b64encode(made)
    return start + b"\r\n ".join(value[at : at + 70] for at in range(0, len(value), 70)) + b"\r\n"


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
