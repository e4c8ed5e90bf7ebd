"""What the DNS says about a sending domain, in words: who takes its mail, who may send for it, who has signed, what to do with fakes.

RFC 7208 (SPF), RFC 6376 (DKIM), RFC 7489 (DMARC), RFC 7505 (null MX).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import dns.exception
import dns.resolver

RESOLVE_SECONDS = 4.0
FREE = {
    "gmail.com",
    "googlemail.com",
    "yahoo.com",
    "hotmail.com",
    "outlook.com",
    "live.com",
    "icloud.com",
    "aol.com",
    "gmx.de",
    "gmx.net",
    "web.de",
}
PROVIDERS = {
    "amazonaws.com": ("Amazon SES", "amazonses.com"),
    "sendgrid.net": ("SendGrid", "sendgrid.net"),
    "mailgun.org": ("Mailgun", "mailgun.org"),
    "postmarkapp.com": ("Postmark", "spf.mtasv.net"),
    "brevo.com": ("Brevo", "spf.brevo.com"),
    "sendinblue.com": ("Brevo", "spf.brevo.com"),
    "gmail.com": ("Google", "_spf.google.com"),
    "office365.com": ("Microsoft 365", "spf.protection.outlook.com"),
}
"""Who carries mail at such a host, and what SPF includes for them."""
LOOKUPS = 10


@dataclass(frozen=True)
class DnsFinding:
    """What one look found. `state`: good, warn, bad, or unknown when the DNS gave no answer."""

    name: str
    state: str
    words: str
    advice: str = ""


class Unanswered(Exception):
    """The DNS gave no answer, which says nothing about the domain."""


class Dns:
    """Questions to the DNS: to this server, else to the machine's own."""

    def __init__(self, server: str = "") -> None:
        if server:
            host, _, port = server.rpartition(":") if server.count(":") == 1 else (server, "", "")
            self.resolver = dns.resolver.Resolver(configure=False)
            self.resolver.nameservers = [host]
            self.resolver.port = int(port or 53)
        else:
            self.resolver = dns.resolver.Resolver()
        self.resolver.lifetime = RESOLVE_SECONDS

    def ask(self, name: str, kind: str) -> list[str]:
        """The records of this kind; none when there are none. Raises Unanswered."""
        try:
            found = self.resolver.resolve(name, kind)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.DNSException, OSError, ValueError):
            raise Unanswered(name) from None
        if kind == "TXT":
            return [b"".join(each.strings).decode("utf-8", "replace") for each in found]
        return [each.to_text() for each in found]


def look(domain: str, dns_: Dns, *, smtp_host: str = "", dkim: tuple[str, str] | None = None) -> list[dict[str, str]]:
    """Every finding about the domain. `dkim` is the selector and the record our own key wants, if mail is signed here."""
    checks = (
        ("Mail to it (MX)", lambda: _mx(domain, dns_)),
        ("Who may send (SPF)", lambda: _spf(domain, dns_, smtp_host)),
        ("Signature (DKIM)", lambda: _dkim(domain, dns_, dkim, smtp_host)),
        ("Policy (DMARC)", lambda: _dmarc(domain, dns_)),
    )
    found = []
    for name, check in checks:
        try:
            state, words, advice = check()
        except Unanswered:
            state, words, advice = "unknown", "The DNS gave no answer.", "Try again in a while."
        found.append(asdict(DnsFinding(name, state, words, advice)))
    return found


Verdict = tuple[str, str, str]


def _mx(domain: str, dns_: Dns) -> Verdict:
    records = dns_.ask(domain, "MX")
    if any(each.split()[-1] == "." for each in records):
        return (
            "bad",
            "The domain says that it takes no mail.",
            "Replies and bounces cannot come back. Give it a mail server, or use another sender.",
        )
    if records:
        return (
            "good",
            f"Replies and bounces go to {_listed(sorted(each.split()[-1].rstrip('.') for each in records))}.",
            "",
        )
    if dns_.ask(domain, "A"):
        return (
            "warn",
            "No mail server is named; mail goes to the web server, which seldom takes it.",
            "Add an MX record.",
        )
    return (
        "bad",
        "No mail server is named.",
        "Replies and bounces cannot come back, and many servers refuse such senders. Add an MX record.",
    )


def _spf(domain: str, dns_: Dns, smtp_host: str) -> Verdict:
    if domain in FREE:
        return "bad", f"{domain} lets nobody but itself send in its name.", "Send from a domain of your own."
    records = [each for each in dns_.ask(domain, "TXT") if each.lower().split(" ")[0] == "v=spf1"]
    carrier = _carrier(smtp_host)
    wanted = f"v=spf1 include:{carrier[1]} ~all" if carrier else "v=spf1 include:… ~all, with what your provider names"
    if not records:
        return "bad", "There is no SPF record.", f"Add a TXT record: {wanted}"
    if len(records) > 1:
        return "bad", "There are several SPF records, so none of them counts.", "Join them into one."
    terms = records[0].lower().split()
    if "+all" in terms or "all" in terms:
        return "bad", "It lets the whole world send in your name.", "End it with ~all."
    if (count := _lookups(terms, dns_, set())) > LOOKUPS:
        return (
            "bad",
            f"It needs {count} look-ups; beyond {LOOKUPS} receivers give up.",
            "Remove includes of those who no longer send for you.",
        )
    if carrier and not _includes(terms, carrier[1]):
        return (
            "warn",
            f"It does not name {carrier[0]}, which carries your mail.",
            f"Add include:{carrier[1]}. It is not needed if {carrier[0]} uses a return path of its own.",
        )
    if not {"~all", "-all"} & set(terms) and not any(each.startswith("redirect=") for each in terms):
        return "warn", "It does not say what to do with other senders.", "End it with ~all."
    return "good", f"It says who may send: {records[0][:200]}", ""


def _includes(terms: Sequence[str], wanted: str) -> bool:
    return any(each.removeprefix("include:").endswith(wanted) for each in terms if each.startswith("include:"))


def _lookups(terms: Sequence[str], dns_: Dns, seen: set[str]) -> int:
    """How many DNS look-ups the record costs, its includes' too (RFC 7208 4.6.4); it stops counting soon after too many."""
    count = 0
    for term in (each.lstrip("+-~?") for each in terms[1:]):
        name, _, value = term.partition("=" if term.startswith("redirect=") else ":")
        if name.partition("/")[0] not in {"include", "a", "mx", "ptr", "exists", "redirect"}:
            continue
        count += 1
        if name in {"include", "redirect"} and value and value not in seen and len(seen) <= LOOKUPS:
            seen.add(value)
            inner = next((each for each in dns_.ask(value, "TXT") if each.lower().startswith("v=spf1")), "")
            count += _lookups(inner.lower().split(), dns_, seen) if inner else 0
    return count


def _dkim(domain: str, dns_: Dns, dkim: tuple[str, str] | None, smtp_host: str) -> Verdict:
    if dkim is None:
        carrier = _carrier(smtp_host)
        who = f"{carrier[0]} signs it if you set that up there" if carrier else "Your provider may sign it"
        return (
            "unknown",
            f"Cohort does not sign your mail. {who}.",
            "Publish the records your provider shows, or make a key here.",
        )
    selector, record = dkim
    found = dns_.ask(f"{selector}._domainkey.{domain}", "TXT")
    if not found:
        return (
            "bad",
            f"There is no record at {selector}._domainkey.{domain}, so the signature cannot be checked.",
            f"Add a TXT record there: {record}",
        )
    if _key(found[0]) != _key(record):
        return "bad", "The record there holds another key.", f"Replace it by: {record}"
    return "good", f"The key at {selector}._domainkey.{domain} is the one your mail is signed with.", ""


def _key(record: str) -> str:
    parts = (each.strip() for each in record.split(";"))
    return next(("".join(each[2:].split()) for each in parts if each.startswith("p=")), "")


def _dmarc(domain: str, dns_: Dns) -> Verdict:
    records = _policies(domain, dns_)
    parent = domain.partition(".")[2]
    if not records and parent.count("."):
        records = _policies(parent, dns_)
    if not records:
        return (
            "bad",
            "There is no DMARC record; large mailbox providers want one of who sends to many.",
            f"Add a TXT record at _dmarc.{domain}: v=DMARC1; p=none; rua=mailto:you@{domain}",
        )
    if len(records) > 1:
        return "bad", "There are several DMARC records, so none of them counts.", "Keep one."
    tags = dict(each.strip().partition("=")[::2] for each in records[0].lower().split(";"))
    policy = tags.get("p", "")
    if policy not in {"none", "quarantine", "reject"}:
        return "bad", "The DMARC record names no policy that exists.", "Write p=none, p=quarantine or p=reject."
    reports = "" if tags.get("rua") else f"Add rua=mailto:you@{domain} to be told of fakes."
    words = {"none": "Fakes are only counted.", "quarantine": "Fakes go to spam.", "reject": "Fakes are refused."}[
        policy
    ]
    return (
        "good" if policy != "none" else "warn",
        words,
        reports or ("Once all is well, move on to p=quarantine." if policy == "none" else ""),
    )


def _policies(domain: str, dns_: Dns) -> list[str]:
    return [each for each in dns_.ask(f"_dmarc.{domain}", "TXT") if each.lower().startswith("v=dmarc1")]


def _carrier(smtp_host: str) -> tuple[str, str] | None:
    return next((who for host, who in PROVIDERS.items() if f".{smtp_host}".endswith(f".{host}")), None)


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else ""
