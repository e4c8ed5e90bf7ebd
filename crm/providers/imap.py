"""A mailbox over IMAP (RFC 3501), to read only: opened with EXAMINE, fetched with PEEK, so nothing in it changes."""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date

from crm.lib.imap_url import MailboxAddress

TIMEOUT = 20.0
LARGEST = 512 * 1024
"""Bytes read of one message; what matters stands at its beginning."""
_SINCE = "{0.day:02}-{1}-{0.year}"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class MailboxError(Exception):
    """The mailbox cannot be read; in words, without the password."""


class Inbox:
    """One folder, open."""

    def __init__(self, connection: imaplib.IMAP4, uid_validity: int) -> None:
        self.connection = connection
        self.uid_validity = uid_validity

    def uids(self, after: int, since: date | None, limit: int) -> list[int]:
        """The lowest uids beyond `after`, of messages that came since that day; at most `limit`."""
        asked = [f"UID {after + 1}:*"]
        if since is not None:
            asked.append(f"SINCE {_SINCE.format(since, _MONTHS[since.month - 1])}")
        answer = self._ok(self.connection.uid("SEARCH", " ".join(asked)))
        found = sorted({int(each) for each in b" ".join(each for each in answer if each).split() if each.isdigit()})
        return [each for each in found if each > after][:limit]

    def messages(self, uids: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        """These messages as they are, each up to LARGEST bytes; one that went meanwhile is left out."""
        for uid in uids:
            answer = self._ok(self.connection.uid("FETCH", str(uid), f"(UID BODY.PEEK[]<0.{LARGEST}>)"))
            raw = next((each[1] for each in answer if isinstance(each, tuple)), None)
            if isinstance(raw, bytes):
                yield uid, raw

    def _ok(self, answer: tuple[str, list[object]]) -> list[object]:
        if answer[0] != "OK":
            raise MailboxError("The server did not do what was asked.")
        return answer[1]


@contextmanager
def opened(
    address: MailboxAddress, *, timeout: float = TIMEOUT, context: ssl.SSLContext | None = None
) -> Iterator[Inbox]:
    """The folder, open for reading. Raises MailboxError for whatever goes wrong on the way and inside."""
    connection = None
    try:
        connection = _connected(address, timeout, context or ssl.create_default_context())
        connection.login(address.user, address.password)
        quoted = '"' + address.folder.replace("\\", "\\\\").replace('"', '\\"') + '"'
        status, _ = connection.select(quoted, readonly=True)
        if status != "OK":
            raise MailboxError(f"There is no folder “{address.folder}”.")
        found = connection.response("UIDVALIDITY")[1]
        yield Inbox(connection, int(found[0]) if found and found[0] else 0)
    except MailboxError:
        raise
    except ssl.SSLError:
        raise MailboxError("The connection could not be encrypted, or the certificate does not hold.") from None
    except (OSError, EOFError) as error:
        raise MailboxError(f"{address.host} cannot be reached: {_words(error)}") from None
    except (imaplib.IMAP4.error, ValueError) as error:
        raise MailboxError(f"{address.host} says: {_words(error)}") from None
    finally:
        if connection is not None:
            with suppress(Exception):
                connection.logout()


def _connected(address: MailboxAddress, timeout: float, context: ssl.SSLContext) -> imaplib.IMAP4:
    if address.tls == "tls":
        return imaplib.IMAP4_SSL(address.host, address.port, ssl_context=context, timeout=timeout)
    connection = imaplib.IMAP4(address.host, address.port, timeout=timeout)
    if address.tls == "starttls":
        connection.starttls(context)
    return connection


def _words(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    text = re.sub(r"^b['\"]|['\"]$", "", str(error))
    return " ".join(text.split())[:150] or type(error).__name__
