"""One email as bytes, assembled by hand: the standard library's EmailMessage takes ten times as long."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime, parseaddr

from crm.email import headers
from crm.email.rendering import Rendered

_BOUNDARY = "=_cohort_alternative"  # its underscore occurs in no base64 text
_LINE = 76


@dataclass(frozen=True)
class Sender:
    """Who an email is from: the display name, the address, and the id of the list (RFC 2919) its mail belongs to."""

    name: str
    address: str
    list_id: str

    @classmethod
    def of(cls, mail_from: str, school: str) -> "Sender":
        """The sender of a setting such as `School <office@school.example>`. Raises ValueError if it holds no address."""
        name, address = parseaddr(headers.one_line(mail_from))
        address = headers.deliverable(address)
        host = address.rpartition("@")[2]
        return cls(name or school, address, f"<contacts.{host}>")

    @property
    def host(self) -> str:
        return self.address.rpartition("@")[2]


def mime_bytes(
    sender: Sender,
    to_name: str,
    to_address: str,
    email: Rendered,
    *,
    message_id: str,
    date: datetime,
    unsubscribe_url: str = "",
) -> bytes:
    """The whole message with CRLF line ends, each line under 998 bytes. `to_address` is one that `deliverable` gave.

    With `unsubscribe_url` it carries one-click unsubscription (RFC 8058) and says that it was sent to many.
    """
    lines = [
        f"From: {headers.mailbox(sender.name, sender.address)}",
        f"To: {headers.mailbox(to_name, to_address)}",
        f"Subject: {headers.text(email.subject)}",
        f"Date: {format_datetime(date)}",
        f"Message-ID: {message_id}",
        *(_list_headers(sender, unsubscribe_url) if unsubscribe_url else ()),
        "MIME-Version: 1.0",
        f'Content-Type: multipart/alternative; boundary="{_BOUNDARY}"',
        "",
        *_part("text/plain", email.text),
        *_part("text/html", email.html),
        f"--{_BOUNDARY}--",
        "",
    ]
    return "\r\n".join(lines).encode()


def _list_headers(sender: Sender, url: str) -> Iterator[str]:
    yield f"List-Unsubscribe: <{url}>"
    yield "List-Unsubscribe-Post: List-Unsubscribe=One-Click"
    yield f"List-Id: {sender.list_id}"
    yield "Precedence: bulk"


def _part(kind: str, content: str) -> Iterator[str]:
    yield f"--{_BOUNDARY}"
    yield f"Content-Type: {kind}; charset=utf-8"
    yield "Content-Transfer-Encoding: base64"
    yield ""
    encoded = base64.b64encode(content.replace("\n", "\r\n").encode("utf-8", "replace")).decode()
    for at in range(0, len(encoded), _LINE):
        yield encoded[at : at + _LINE]
