"""Requests to addresses that others wrote: only to public ones, pinned to the address that was checked, no redirects, little read.

The name is resolved once, every answer must be a public address, and the connection goes to that very address, so a name that
resolves differently a moment later (DNS rebinding) gains nothing. What goes wrong is one error that tells nothing about inside.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

import urllib3

_UNSAFE = re.compile(r"[\\\x00-\x20\x7f-\x9f]")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_COMPATIBLE = ipaddress.ip_network("::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Unreachable(Exception):
    """The address cannot be fetched, or must not be."""


@dataclass(frozen=True)
class Fetched:
    """What came back."""

    status: int
    body: bytes
    location: str | None = None
    """Where the answer says to go on; nobody went there."""


def is_public(address: Address) -> bool:
    """Whether the address is one of the internet at large; IPv4 hidden in IPv6 counts as what it is."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = _inner(address)
        return is_public(inner) if inner else address.is_global and not address.is_multicast
    return address.is_global and not address.is_multicast and address not in ipaddress.ip_network("192.0.0.0/24")


def _inner(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    if address.teredo:
        return address.teredo[1]
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def fetch(
    url: str, *, timeout: float = 5, limit: int = 65_536, is_allowed: Callable[[Address], bool] = is_public,
    may_be_cut: bool = False,
) -> Fetched:  # fmt: skip
    """GET the address; at most `limit` bytes of the answer, a longer one refused or cut. Raises Unreachable, whose words tell nothing about inside."""
    try:
        parts = _checked(url)
        address = _resolved(parts, is_allowed)
        pool = _pool(parts, address, timeout)
        path = parts.path or "/"
        reply = pool.urlopen(
            "GET", f"{path}?{parts.query}" if parts.query else path,
            headers={"Host": parts.netloc, "User-Agent": "Cohort"},
            redirect=False, retries=False, preload_content=False, decode_content=False,
        )  # fmt: skip
        with reply:
            body = reply.read(limit + 1)
    except (OSError, ValueError, urllib3.exceptions.HTTPError):
        raise Unreachable("The address could not be reached.") from None
    if len(body) > limit and not may_be_cut:
        raise Unreachable("The answer was too long.")
    return Fetched(reply.status, body[:limit], reply.headers.get("Location"))


def _checked(url: str) -> SplitResult:
    parts = urlsplit(url)
    if _UNSAFE.search(url) or parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
        raise ValueError("not a plain web address")
    return parts


def _resolved(parts: SplitResult, is_allowed: Callable[[Address], bool]) -> str:
    """The address to connect to, if all the name stands for are allowed."""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    addresses = [str(each[4][0]).partition("%")[0] for each in found]
    if not addresses or not all(is_allowed(ipaddress.ip_address(each)) for each in addresses):
        raise ValueError("not a public address")
    return addresses[0]


def _pool(parts: SplitResult, address: str, timeout: float) -> urllib3.HTTPConnectionPool:
    wait = urllib3.Timeout(connect=timeout, read=timeout)
    if parts.scheme == "http":
        return urllib3.HTTPConnectionPool(address, parts.port or 80, timeout=wait)
    return urllib3.HTTPSConnectionPool(
        address, parts.port or 443, timeout=wait, server_hostname=parts.hostname, assert_hostname=parts.hostname
    )
