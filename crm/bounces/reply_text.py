"""The words of a mail that came in: plain text, without what it quotes, without anything but text."""

from __future__ import annotations

import html
import re
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message

import nh3

LONGEST = 20_000
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_QUOTE = re.compile(r"<blockquote\b|<div[^>]{0,200}gmail_quote", re.IGNORECASE)
_BREAK = re.compile(r"<(br|/p|/div|/tr|/li|/h\d)\b[^>]{0,200}>", re.IGNORECASE)
_BEGINS_QUOTE = re.compile(
    r"^(-{2,}\s*(original message|ursprüngliche nachricht|message d'origine|mensaje original)|_{10,}\s*$"
    r"|(on|am|le|el|il|op|em)\b.{4,200}(wrote|schrieb|a écrit|escribió|ha scritto|schreef|escreveu)\b.{0,80}:\s*$)",
    re.IGNORECASE,
)
_HEADER = re.compile(r"^(from|von|de|da|van)\s?:\s.+", re.IGNORECASE)
_NEXT = re.compile(r"^(sent|date|gesendet|datum|envoyé|enviado|fecha|inviato|to|an|à|para)\s?:\s", re.IGNORECASE)


def decoded(value: object) -> str:
    """A header's value in one line of plain text; nothing when it is missing or damaged beyond reading."""
    if value is None:
        return ""
    try:
        words = str(make_header(decode_header(str(value)[:LONGEST])))
    except (LookupError, ValueError, HeaderParseError):
        words = str(value)[:LONGEST]
    return " ".join(_CONTROL.sub("", words.encode("utf-8", "replace").decode()).split())


def text_of(mail: Message) -> str:
    """The words of a mail, from its plain part or else its HTML."""
    plain = rich = None
    for part in mail.walk():
        if part.is_multipart() or part.get_filename():
            continue
        kind = part.get_content_type()
        if kind == "text/plain" and plain is None:
            plain = _content(part)
        elif kind == "text/html" and rich is None:
            rich = _content(part)
    return _clean(plain if plain and plain.strip() else _without_tags(rich or ""))


def own_words(text: str) -> str:
    """Of a reply only what its writer wrote: the quoted mail and everything after it is cut."""
    lines: list[str] = []
    given = text.split("\n")
    for at, line in enumerate(given):
        after = given[at + 1] if at + 1 < len(given) else ""
        if _BEGINS_QUOTE.match(line.strip()) or _BEGINS_QUOTE.match(f"{line.strip()} {after.strip()}"):
            break
        if _HEADER.match(line.strip()) and _NEXT.match(after.strip()):
            break
        if not line.lstrip().startswith(">"):
            lines.append(line.rstrip())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _content(part: Message) -> str:
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes):
        return ""
    try:
        return raw[: LONGEST * 10].decode(part.get_content_charset() or "utf-8", "replace")
    except LookupError:
        return raw[: LONGEST * 10].decode("utf-8", "replace")


def _without_tags(rich: str) -> str:
    quoted = _QUOTE.search(rich)
    broken = _BREAK.sub("\n", re.sub(r"\s+", " ", rich[: quoted.start() if quoted else LONGEST * 10]))
    return html.unescape(nh3.clean(broken, tags=set(), clean_content_tags={"script", "style", "title"}))


def _clean(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ")
    return _CONTROL.sub("", text.encode("utf-8", "replace").decode())[:LONGEST]
