"""The arithmetic of a DKIM signature, here or in a process of its own: this file is also the program that signs what it is asked to.

Nothing of the product is imported, so that such a process starts in a moment and stays small. It ends with whoever started it.
"""

from __future__ import annotations

import sys
from base64 import b64decode, b64encode
from functools import lru_cache
from io import BufferedReader
from typing import Any, BinaryIO

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

READY = b"ready\n"
TOGETHER = 8
"""So many answers are given at once: waking who waits for them takes longer than telling."""
_SHA256 = Prehashed(hashes.SHA256())


def signature_of(private: Any, digest: bytes) -> bytes:
    """The signature under this key of whatever has this SHA-256."""
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return private.sign(digest)
    return private.sign(digest, padding.PKCS1v15(), _SHA256)


def serve(questions: BufferedReader, answers: BinaryIO) -> None:
    """Say that it is ready; answer each line, a key and a digest in base64, with the signature in base64, until there are no more."""
    answers.write(READY)
    answers.flush()
    rest = b""
    while more := questions.read1(1 << 16):
        *lines, rest = (rest + more).split(b"\n")
        for start in range(0, len(lines), TOGETHER):
            answers.write(b"".join(map(_answer, lines[start : start + TOGETHER])))
            answers.flush()


def _answer(line: bytes) -> bytes:
    key, _, digest = line.partition(b" ")
    return b64encode(signature_of(_key_of(key), b64decode(digest))) + b"\n"


@lru_cache(maxsize=64)
def _key_of(der: bytes) -> Any:
    return serialization.load_der_private_key(b64decode(der), None)


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
