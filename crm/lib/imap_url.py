"""Reading IMAP_URL: `imaps://user:password@host:993/INBOX`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

_PORTS = {"none": 143, "starttls": 143, "tls": 993}
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
FORM = "write it as imaps://user:password@host/INBOX"


@dataclass(frozen=True)
class MailboxAddress:
    """A folder at a mail server, and who reads it."""

    host: str
    port: int
    tls: str
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"

    @property
    def key(self) -> str:
        """Stands for this folder of this user."""
        return hashlib.sha256(f"{self.user}@{self.host}:{self.port}/{self.folder}".encode()).hexdigest()

    @classmethod
    def of_url(cls, url: str) -> MailboxAddress:
        """The folder of an IMAP_URL. Raises ValueError with words for the person who set it; they never hold the password."""
        try:
            parts = urlsplit(url.strip())
            host, port = parts.hostname or "", parts.port
        except ValueError:
            raise ValueError(f"its port cannot be read; {FORM}") from None
        options = parse_qs(parts.query)
        usual = "tls" if parts.scheme == "imaps" else "starttls"
        tls = options.pop("tls", [usual])[-1]
        if parts.scheme not in ("imap", "imaps") or not host or not parts.username or tls not in _PORTS or options:
            raise ValueError(f"it names no mailbox; {FORM}")
        if tls == "none" and host not in _LOOPBACK:
            raise ValueError("a password is not sent without encryption; use imaps://")
        folder = unquote(parts.path.strip("/")) or "INBOX"
        return cls(host, port or _PORTS[tls], tls, unquote(parts.username), unquote(parts.password or ""), folder)
