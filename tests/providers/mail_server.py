"""A mail server on loopback that keeps what it gets and misbehaves when told to."""

import socket
import threading
import time
from collections.abc import Callable

GREETING, PIPELINED = b"220 trap ESMTP\r\n", b"250-trap\r\n250-PIPELINING\r\n250-SMTPUTF8\r\n250 SIZE 1000000\r\n"
DROP, HANG = "drop", "hang"


class MailServer:
    """Answers each phase (banner, ehlo, auth, mail, rcpt, data, body, dot) well, or with `script[phase]`: bytes, DROP or HANG.

    A list holds what is answered in turn; a function is asked with the RCPT command the connection heard last.
    """

    def __init__(self, script: dict[str, object] | None = None, ehlo: bytes = PIPELINED):
        self.script = dict(script or {})
        self.ehlo = ehlo
        self.messages: list[tuple[bytes, bytes, bytes]] = []
        self.connections = 0
        self.recipient = b""
        self.at: Callable[[str], None] = lambda phase: None
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self) -> "MailServer":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?tls=none"

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines:
            try:
                self._session(connection, lines)
            except (OSError, EOFError):
                return

    def _session(self, connection: socket.socket, lines) -> None:
        self._answer(connection, "banner", GREETING)
        sender = recipient = b""
        while line := lines.readline():
            verb = line[:4].upper()
            if verb in (b"EHLO", b"HELO"):
                self._answer(connection, "ehlo", self.ehlo)
            elif verb == b"MAIL":
                sender = line.strip()
                self._answer(connection, "mail", b"250 ok\r\n")
            elif verb == b"RCPT":
                self.recipient = recipient = line.strip()
                self._answer(connection, "rcpt", b"250 ok\r\n")
            elif verb == b"DATA":
                if self._answer(connection, "data", b"354 go\r\n").startswith(b"354"):
                    self._take(connection, lines, sender, recipient)
            elif verb == b"AUTH":
                self._answer(connection, "auth", b"235 2.7.0 welcome\r\n")
            elif verb == b"QUIT":
                connection.sendall(b"221 bye\r\n")
                return
            else:
                connection.sendall(b"250 ok\r\n")

    def _take(self, connection: socket.socket, lines, sender: bytes, recipient: bytes) -> None:
        if self.script.get("body") == DROP:
            lines.read(1)
            raise EOFError
        data = b""
        while (line := lines.readline()) != b".\r\n":
            if not line:
                raise EOFError
            data += line.removeprefix(b".")
        self.messages.append((sender, recipient, data))
        self._answer(connection, "dot", b"250 2.0.0 queued\r\n")

    def _answer(self, connection: socket.socket, phase: str, usual: bytes) -> bytes:
        self.at(phase)
        answer = self.script.get(phase, usual)
        if callable(answer):
            answer = answer(self.recipient) or usual
        if isinstance(answer, list):
            answer = answer.pop(0) if answer else usual
        if answer == HANG:
            time.sleep(3)
            raise EOFError
        if answer == DROP:
            raise EOFError
        connection.sendall(answer)
        if answer.startswith(b"421"):
            raise EOFError
        return answer
