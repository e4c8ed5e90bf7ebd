"""Mail headers that cannot be broken out of: RFC 5322 lines, RFC 2047 words, RFC 5321 addresses.

Control characters are taken out after encoded words are decoded, because `=?utf-8?q?=0ABcc:_x?=` hides a line break.
"""

import base64
import re
from email.errors import HeaderParseError
from email.header import decode_header
from functools import lru_cache

import idna

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_ENCODED_WORD = re.compile(r"=\?[^?\s]*\?[bBqQ]\?[^?]*\?=")
_PLAIN = re.compile(r"[\x20-\x7e]*")
_SIMPLE = re.compile(r"[\w.,:;!'()-]+(?: [\w.,:;!'()-]+)*", re.ASCII)
"""Most names and subjects: nothing in it can be more than it seems."""
_LOCAL = re.compile(r"[^\x00-\x20\x7f-\x9f()<>\[\]:;@\\,\"]{1,64}")
_HOST = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*")
_USUAL = re.compile(r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@(?:[a-z0-9]+[.-])+[a-z0-9]+")
"""Most addresses: there is nothing to say against one, and nothing to change."""
_BYTES_OF_A_WORD = 42  # their base64 and the frame stay under RFC 2047's 75


def one_line(text: str) -> str:
    """The text on one line without control characters or encoded words, whatever it was made of."""
    if _SIMPLE.fullmatch(text):
        return text
    for _ in range(3):
        text = _ENCODED_WORD.sub(lambda word: _decoded(word.group()), text)
    return " ".join(_CONTROL.sub(" ", text.replace("=?", "= ?")).split())


def _decoded(word: str) -> str:
    try:
        raw, charset = decode_header(word)[0]
        return raw.decode(charset or "ascii", "replace") if isinstance(raw, bytes) else raw
    except (LookupError, ValueError, HeaderParseError):
        return " "


def text(value: str) -> str:
    """An unstructured header's value, encoded where it must be."""
    value = one_line(value)
    return value if _PLAIN.fullmatch(value) and len(value) < 900 else words(value)


def words(value: str) -> str:
    """The value as RFC 2047 encoded words, folded; no character is split between two."""
    whole = value.encode()
    if len(whole) <= _BYTES_OF_A_WORD:
        return f"=?utf-8?b?{base64.b64encode(whole).decode()}?="
    chunks, chunk = [], b""
    for letter in value:
        raw = letter.encode()
        if len(chunk) + len(raw) > _BYTES_OF_A_WORD:
            chunks, chunk = [*chunks, chunk], b""
        chunk += raw
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(each).decode()}?=" for each in [*chunks, chunk])


def mailbox(name: str, address: str) -> str:
    """`"Name" <address>` for From, To and Reply-To. The address is one that `deliverable` gave."""
    name = one_line(name)[:200]
    if not name:
        return f"<{address}>"
    if not _PLAIN.fullmatch(name):
        return f"{words(name)}\r\n <{address}>"
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}" <{address}>'


def deliverable(address: str) -> str:
    """The address with its host in ASCII. Raises ValueError with the reason when no server would take it."""
    if len(address) <= 64 and _USUAL.fullmatch(address):
        return address
    local, at, host = address.strip().rpartition("@")
    if not at or not _LOCAL.fullmatch(local) or local.startswith(".") or local.endswith(".") or ".." in local:
        raise ValueError(f"“{one_line(address)[:80]}” is not an email address")
    host = _ascii_host(host)
    if len(local.encode()) + len(host) > 253:
        raise ValueError("the address is longer than 254 characters")
    return f"{local}@{host}"


@lru_cache(maxsize=1024)
def _ascii_host(host: str) -> str:
    try:
        plain = host if host.isascii() else idna.encode(host, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        plain = ""
    if not _HOST.fullmatch(plain):
        raise ValueError(f"“{one_line(host)[:80]}” is not the name of a mail server")
    return plain.lower()
