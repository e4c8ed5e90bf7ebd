"""Signing beside sending: an RSA signature takes longer than all the rest of an email, so other processors make it meanwhile."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from base64 import b64decode, b64encode
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from hashlib import sha256
from itertools import cycle

from crm.delivery import signer
from crm.delivery.dkim import Signature

_TOGETHER = 16
"""So many are asked for at once: waking the other process takes longer than telling it what to sign."""
_MOST = 40
"""So many are asked for at most before answers come; the sender makes the others itself, so that neither waits for the other. Their answers
of 350 bytes fit into a pipe by far."""
_PATIENCE = 2.0
"""Seconds after which a process that does not answer is one that does not sign: a signature takes half a thousandth of one."""


class Signers:
    """A signing process for each processor but the one that sends, from the first signature asked for until `close`.

    Until they are ready, and whatever becomes of them, a signature they do not give is made where it is needed.
    """

    def __init__(self, count: int | None = None):
        self.count = (os.cpu_count() or 1) - 1 if count is None else count
        self.processes: list[Signing] = []
        self._turns: Iterator[Signing] = iter(())

    def begin(self, signatures: Iterable[Signature]) -> None:
        """Have these signed meanwhile, but for those that are made more quickly than asked for."""
        for each in signatures:
            if each.key.algorithm == "rsa" and self.count:
                if not self.processes:
                    self._start()
                process = next(self._turns, None)
                if process is not None and process.is_ready:
                    process.begin(each)

    def _start(self) -> None:
        try:
            self.processes = [Signing() for _ in range(self.count)]
        except OSError:  # no more processes are allowed
            self.count = 0
        self._turns = cycle(self.processes)

    def close(self) -> None:
        """End the processes."""
        for each in self.processes:
            each.close()
        self.processes = []


class Signing:
    """A process that signs, and what it was asked and has not answered yet, in order."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(  # noqa: S603
            [sys.executable, signer.__file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            bufsize=0, start_new_session=True,
        )  # fmt: skip
        if self.process.stdin is not None:
            os.set_blocking(self.process.stdin.fileno(), False)
        self._begun: deque[Signature] = deque()
        self._heard = b""
        self._unasked: list[bytes] = []
        self._is_ready: bool | None = None

    @property
    def is_ready(self) -> bool:
        """Whether it has started, and was there when it was last heard of."""
        pipe = self.process.stdout
        if self._is_ready is None and pipe is not None and select.select([pipe], [], [], 0)[0]:
            self._is_ready = os.read(pipe.fileno(), len(signer.READY)) == signer.READY
        return bool(self._is_ready)

    def begin(self, signature: Signature) -> None:
        if len(self._begun) >= _MOST and not (self._hear(0) and len(self._begun) < _MOST):
            return
        self._unasked.append(b"%b %b\n" % (signature.key.der, b64encode(sha256(signature.data).digest())))
        self._begun.append(signature)
        signature.signer = self
        if len(self._unasked) >= _TOGETHER:
            self._ask()

    def _ask(self) -> None:
        rest, pipe = b"".join(self._unasked), self.process.stdin
        self._unasked.clear()
        assert pipe is not None
        try:
            while rest and select.select([], [pipe], [], _PATIENCE)[1]:
                rest = rest[os.write(pipe.fileno(), rest) :]
        except (OSError, ValueError):  # ended, or closed
            pass
        if rest:
            self._lose()

    def finish(self, wanted: Signature) -> None:
        """Wait for this signature. It stays without a value if the process is no more, or stands still."""
        if self._unasked and not wanted.value:
            self._ask()
        while not wanted.value and self._begun:
            if not self._hear(_PATIENCE):
                self._lose()

    def _hear(self, seconds: float) -> bool:
        """Take the answers that come within so many seconds; whether it said anything."""
        pipe = self.process.stdout
        assert pipe is not None
        if not select.select([pipe], [], [], seconds)[0] or not (more := os.read(pipe.fileno(), 1 << 16)):
            return False
        *answers, self._heard = (self._heard + more).split(b"\n")
        for answer in answers[: len(self._begun)]:
            self._begun.popleft().value = b64decode(answer)
        return True

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in filter(None, (self.process.stdin, self.process.stdout)):
            with suppress(OSError):
                pipe.close()
        self._lose()

    def _lose(self) -> None:
        self._begun.clear()
        self._is_ready = False
