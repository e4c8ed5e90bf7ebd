"""The links of an email: taken out once per content, so that each message only fills in its own tracked addresses."""

import re
from html import escape, unescape
from urllib.parse import quote, urlsplit

from werkzeug.urls import iri_to_uri

from crm.email.masking import Mask
from crm.lib import merge_tags
from crm.lib.merge_tags import MergeError

OWN_ADDRESSES = frozenset(
    {
        "unsubscribe_url",
        "preferences_url",
        "confirm_url",
        "view_url",
        "notification.url",
        "account_url",
        "school.website",
    }
)
"""Merge tags that are addresses of ours: they stand as they are and are not tracked."""
_HREF = re.compile(r'(<a\b[^<>]*?\shref=")([^"<>]*+)(")')
_UNTRACKED = ("mailto:", "tel:", "#")
_STARTS = re.compile(r"https?://([^/?#\\]+)(?=[/?#]|\Z)", re.IGNORECASE)
_BAD = re.compile(r"[\x00-\x20\x7f\\]")


def take_out(html: str, mask: Mask) -> tuple[str, tuple[str, ...]]:
    """The HTML with a `{{ link_N }}` in place of each address, and the addresses. Raises MergeError on one that cannot be tracked.

    An address may hold merge tags after its host; their values are percent-encoded, so that no value can lead elsewhere.
    """
    urls: list[str] = []

    def replace(found: re.Match) -> str:
        slot = _slot(unescape(found.group(2)).strip(), mask, urls)
        return found.group() if slot is None else found.group(1) + slot + found.group(3)

    return _HREF.sub(replace, html), tuple(urls)


def filled(url: str, values: dict[str, object]) -> str | None:
    """A stored address with its merge tags filled in; None if that does not give a web address of the same host."""
    if "{" not in url:
        return url
    try:
        address = merge_tags.render(url, values)
    except MergeError:
        return None
    return address if _host(address) == _host(url) and not _BAD.search(address) else None


def in_ascii(url: str) -> str:
    """The address as a header can hold it: letters beyond ASCII in its host by IDNA, elsewhere percent-encoded."""
    if url.isascii():
        return url
    try:
        return iri_to_uri(url)
    except (UnicodeError, ValueError):
        return quote(url, safe="%/:=&?~#+!$,;'@()*[]")


def _slot(address: str, mask: Mask, urls: list[str]) -> str | None:
    if address.lower().startswith(_UNTRACKED):
        return None
    own = mask.word.fullmatch(address)
    if own and merge_tags.names(mask.tag(own)) <= OWN_ADDRESSES:
        return None
    url = mask.word.sub(lambda found: _encoded(mask.tag(found)), address)
    if not _may_be_tracked(address, mask):
        raise MergeError(
            f"The link “{escape(mask.show(address))[:80]}” must begin with https:// and the name of a website."
        )
    if url not in urls:
        urls.append(url)
    return mask.add(f"{{{{ link_{urls.index(url)} }}}}")


def _may_be_tracked(address: str, mask: Mask) -> bool:
    start = _STARTS.match(address)
    if start is None or mask.word.search(start.group(1)) or "@" in start.group(1):
        return False
    plain = mask.word.sub("x", address)
    return not _BAD.search(plain) and bool(_host(plain))


def _encoded(tag: str) -> str:
    if not tag.startswith("{{") or "url_encode" in tag:
        return tag
    return tag[:-2].rstrip().removesuffix("-").rstrip() + " | url_encode }}"


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "") if _STARTS.match(url) else ""
    except ValueError:
        return ""
