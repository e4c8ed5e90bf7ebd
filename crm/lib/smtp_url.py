"""Reading SMTP_URL: `smtp://user:password@host:port?tls=starttls&timeout=120`."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

_PORTS = {"none": 25, "starttls": 587, "tls": 465}
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
FORM = "write it as smtp://user:password@host:port?tls=starttls (or tls, or none)"


@dataclass(frozen=True)
class Server:
    """Where mail is handed over."""

    host: str
    port: int
    tls: str
    user: str = ""
    password: str = field(default="", repr=False)
    timeout: float = 120
    """Seconds to wait for the answer to a whole message, before what became of it counts as unknown."""

    @classmethod
    def of_url(cls, url: str) -> Server:
        """The server of an SMTP_URL. Raises ValueError with words for the person who set it; they never hold the password."""
        try:
            parts = urlsplit(url.strip())
            host, port, options = (
                parts.hostname or "",
                parts.port,
                parse_qs(parts.query, strict_parsing=bool(parts.query)),
            )
        except ValueError:
            raise ValueError(f"its port or options cannot be read; {FORM}") from None
        if parts.scheme not in ("smtp", "smtps") or not host or parts.path not in ("", "/"):
            raise ValueError(f"it names no server; {FORM}")
        tls = options.pop("tls", ["tls" if parts.scheme == "smtps" else ""])[-1] or _usual_tls(host, port)
        timeout = options.pop("timeout", ["120"])[-1]
        if tls not in _PORTS or options or not timeout.isdigit() or not 0 < int(timeout) <= 3600:
            raise ValueError(f"its options cannot be used; {FORM}")
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        if user and tls == "none" and host not in _LOOPBACK:
            raise ValueError("a password is not sent without encryption; add ?tls=starttls")
        return cls(host, _PORTS[tls] if port is None else port, tls, user, password, int(timeout))


def _usual_tls(host: str, port: int | None) -> str:
    return "tls" if port == 465 else "none" if host in _LOOPBACK else "starttls"
