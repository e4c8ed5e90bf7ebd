"""One email as bytes, assembled by hand: the standard library's EmailMessage takes ten times as long."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parseaddr
from functools import cached_property, lru_cache

from crm.delivery import dkim
from crm.delivery.dkim import Key, Signature
from crm.email import headers
from crm.email.filling import Filled, encoded
from crm.email.rendering import Rendered

_BOUNDARY = "=_cohort_alternative"  # its underscore occurs in no base64 text


@dataclass(frozen=True)
class Sender:
    """Who an email is from: the display name, the address, and the id of the list (RFC 2919) its mail belongs to."""

    name: str
    address: str
    list_id: str
    reply_to: str = ""
    """Where answers go, if not to the address."""
    keys: tuple[Key, ...] = ()
    """What its mail is signed with."""

    @classmethod
    def of(cls, mail_from: str, school: str) -> "Sender":
        """The sender of a setting such as `School <office@school.example>`. Raises ValueError if it holds no address."""
        name, address = parseaddr(headers.one_line(mail_from))
        address = headers.deliverable(address)
        host = address.rpartition("@")[2]
        return cls(name or school, address, f"<contacts.{host}>")

    @cached_property
    def host(self) -> str:
        return self.address.rpartition("@")[2]

    @cached_property
    def lines(self) -> str:
        """The header lines that name it."""
        reply_to = f"Reply-To: {headers.mailbox('', headers.deliverable(self.reply_to))}\r\n" if self.reply_to else ""
        return f"From: {headers.mailbox(self.name, self.address)}\r\n{reply_to}"


@dataclass(slots=True)
class Draft:
    """An email but for the values of its signatures: its header lines, its body in pieces, and the signatures begun."""

    head: bytes
    body: tuple[bytes, ...]
    signatures: tuple[Signature, ...]

    @property
    def data(self) -> bytes:
        """The whole message; waits for its signatures."""
        return b"".join((*[each.header for each in self.signatures], self.head, b"\r\n", *self.body))


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
    filled = Filled(email.subject, encoded(email.html), encoded(email.text))
    to = headers.mailbox(to_name, to_address)
    return drafted(sender, to, filled, message_id=message_id, date=date, unsubscribe_url=unsubscribe_url).data


def drafted(
    sender: Sender,
    to: str,
    email: Filled,
    *,
    message_id: str,
    date: datetime,
    unsubscribe_url: str = "",
    named: str = "",
) -> Draft:
    """The message of parts that are encoded already; `to` is a header's value, `named` the lines by which reports name it."""
    listed = _LISTED.format(url=unsubscribe_url, list_id=sender.list_id) if unsubscribe_url else ""
    head = (
        f"{sender.lines}To: {to}\r\nSubject: {headers.text(email.subject)}\r\nDate: {_date(int(date.timestamp()))}\r\n"
        f"Message-ID: {message_id}\r\n{named}{listed}{_PARTS}"
    ).encode()
    body = (_TEXT, *email.text, _HTML, *email.html, _END)
    return Draft(head, body, dkim.signatures(head, body, sender.keys) if sender.keys else ())


_LISTED = (
    "List-Unsubscribe: <{url}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    "List-Id: {list_id}\r\nPrecedence: bulk\r\n"
)
_PART = f"--{_BOUNDARY}\r\nContent-Type: {{}}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
_PARTS = f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="{_BOUNDARY}"\r\n'
_TEXT = _PART.format("text/plain").encode()
_HTML = _PART.format("text/html").encode()
_END = f"--{_BOUNDARY}--\r\n".encode()


@lru_cache(maxsize=4)
def _date(second: int) -> str:
    return format_datetime(datetime.fromtimestamp(second, UTC))
