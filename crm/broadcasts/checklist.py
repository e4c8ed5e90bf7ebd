"""What to know before a broadcast goes out: what stops it, what to think over, what is as it should be. Each leads to where it is mended."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from flask import current_app

from crm.broadcasts.link_checking import links_of
from crm.broadcasts.models import Broadcast, Variant
from crm.broadcasts.reckoning import Reckoning, empty_values
from crm.delivery.senders import sender_for
from crm.email.compose import check
from crm.email.preview import example
from crm.email.values import known, tags
from crm.lib.merge_tags import MergeError

LARGEST = 100_000
"""Bytes of HTML. Gmail cuts off what is longer than 102 kB, with the way to unsubscribe."""
FEW_FOR_A_TEST = 50
FREE_MAIL = {
    "gmail.com", "googlemail.com", "yahoo.com", "outlook.com", "hotmail.com", "live.com", "icloud.com", "aol.com", "gmx.de",
    "gmx.net", "web.de", "mail.ru", "proton.me", "protonmail.com",
}  # fmt: skip
_PRINTED = re.compile(r"\{\{-?\s*(contact\.[\w.]+)\s*([^}]*)\}\}")
_SHOUTS = re.compile(r"\b[A-ZÀ-Þ]{4,}\b")
_PUSHY = re.compile(
    r"(?i)\b(100 ?% free|act now|buy now|cash|click here|earn money|guarantee[d]?|limited time|no cost|risk[- ]free|urgent|winner|\$\$+)\b"
)


@dataclass(frozen=True)
class Finding:
    """One line of the list. `tone`: bad stops it, warn is to be thought over, good is as it should be; `step` is where it is mended."""

    tone: str
    title: str
    text: str = ""
    step: str = "content"

    @property
    def is_blocking(self) -> bool:
        return self.tone == "bad"


def findings(broadcast: Broadcast, reckoning: Reckoning) -> list[Finding]:
    """Everything, the gravest first."""
    found = [*_about_people(broadcast, reckoning), *_about_school(broadcast), *_about_words(broadcast, reckoning)]
    order = ("bad", "warn", "good")
    return sorted(found, key=lambda each: order.index(each.tone))


def blocking(broadcast: Broadcast, reckoning: Reckoning) -> list[Finding]:
    """What keeps it from being sent."""
    return [each for each in findings(broadcast, reckoning) if each.is_blocking]


def _about_people(broadcast: Broadcast, reckoning: Reckoning) -> Iterator[Finding]:
    gone = [each for each in broadcast.audiences if each.is_gone]
    for each in gone:
        where = "to be left out" if each.is_excluded else "it is for"
        yield Finding(
            "bad", f"The audience “{each.name}” {where} was deleted", "Choose again whom it is for.", "audience"
        )
    if gone:
        return
    if not broadcast.has_audience:
        yield Finding("bad", "Nobody is chosen yet", "Choose an audience, or everyone.", "audience")
    elif not reckoning.will_get:
        yield Finding("bad", "Nobody would get it", "Of those it is for, nobody can be written to.", "audience")
    else:
        yield Finding("good", f"{reckoning.will_get:,} of {reckoning.total:,} will get it", step="audience")
    for each in broadcast.audiences:
        if each.audience and each.audience.is_gathering:
            yield Finding(
                "warn", f"“{each.name}” is still being gathered", "Wait a moment, and look again.", "audience"
            )


def _about_school(broadcast: Broadcast) -> Iterator[Finding]:
    config, sender = current_app.config, sender_for(broadcast.sender_id)
    if not config["MAIL_ADDRESS"]:
        text = "The law asks for the sender's postal address in every such email. An administrator can set it under Settings, School."
        yield Finding("bad", "The school's postal address is missing", text, "settings")
    if not config["SMTP_URL"]:
        text = "The emails will be kept in the outbox here and reach nobody."
        yield Finding("warn", "No mail server is set", text, "settings")
    elif sender.domain in FREE_MAIL or "." not in sender.domain:
        text = f"Mail from {sender.domain} sent by another server is refused by many. Use an address of the school's own domain."
        yield Finding("warn", f"The sender's address is at {sender.domain}", text, "send")
    else:
        yield Finding("good", f"It comes from {sender.name} <{sender.address}>", step="send")


def _about_words(broadcast: Broadcast, reckoning: Reckoning) -> Iterator[Finding]:
    if not broadcast.variants:
        yield Finding("bad", "Nothing is written yet", "Write the email, or begin with a template.")
        return
    problems = [each for variant in broadcast.variants for each in _cannot_be_sent(broadcast, variant)]
    yield from problems
    if problems:
        return
    for variant in broadcast.variants:
        yield from _about_variant(broadcast, variant)
    yield from _about_values(broadcast)
    yield from _about_links(broadcast)
    if broadcast.test_on:
        yield from _about_test(broadcast, reckoning)


def _cannot_be_sent(broadcast: Broadcast, variant: Variant) -> Iterator[Finding]:
    words = variant.content
    for problems in check(words.format, words.subject, words.preheader, words.body, known()).values():
        for each in problems:
            yield Finding("bad", f"{_which(broadcast, variant)} cannot be sent", each, variant.letter)


def _about_variant(broadcast: Broadcast, variant: Variant) -> Iterator[Finding]:
    words, which = variant.content, _which(broadcast, variant)
    try:
        email = example(words.format, words.subject, words.preheader, words.body)
    except MergeError as error:
        yield Finding("bad", f"{which} cannot be sent", str(error), variant.letter)
        return
    size = len(email.html.encode())
    if size > LARGEST:
        text = "Gmail cuts such emails off, with the way to unsubscribe at their end. Shorten it."
        yield Finding("warn", f"{which} has {size // 1000} kB", text, variant.letter)
    if "#unsubscribe" in email.html:
        yield Finding("good", f"{which} has a link to unsubscribe", step=variant.letter)
    else:
        text = "Put {{ unsubscribe_url }} into it, or leave the school's address out to get the usual footer."
        yield Finding("bad", f"{which} has no link to unsubscribe", text, variant.letter)
    if hints := _hints(words.subject):
        yield Finding(
            "warn", f"The subject of {which[:1].lower() + which[1:]} may look like spam", hints, variant.letter
        )


def _hints(subject: str) -> str:
    """What makes a subject look like spam to filters and people."""
    plain = _PRINTED.sub("", subject)
    found = []
    if shouts := _SHOUTS.findall(plain):
        found.append(f"Capitals throughout: {', '.join(shouts[:3])}.")
    if plain.count("!") > 1 or "?!" in plain or "!?" in plain:
        found.append("More than one exclamation mark.")
    if pushy := _PUSHY.findall(plain):
        found.append(f"Pushy words: {', '.join(each if isinstance(each, str) else each[0] for each in pushy[:3])}.")
    if len(plain) > 90:
        found.append("Longer than most inboxes show.")
    if re.match(r"(?i)\s*(re|fwd?|aw|wg)\s*:", subject):
        found.append("It pretends to be an answer.")
    return " ".join(found)


def _about_values(broadcast: Broadcast) -> Iterator[Finding]:
    labels = dict(tags())
    for name, count in empty_values(broadcast, unguarded(broadcast)).items():
        people = "1 person has" if count == 1 else f"{count:,} people have"
        text = f'Say what stands there instead: {{{{ {name} | default: "…" }}}}'
        yield Finding("warn", f"{people} nothing for “{labels.get(name, name)}”", text)


def unguarded(broadcast: Broadcast) -> list[str]:
    """The merge tags printed without saying what stands there for those who have nothing."""
    found: dict[str, None] = {}
    for variant in broadcast.variants:
        words = variant.content
        for name, filters in _PRINTED.findall(f"{words.subject}\n{words.preheader}\n{words.body}"):
            if "default" not in filters:
                found[name] = None
    return list(found)


def _about_links(broadcast: Broadcast) -> Iterator[Finding]:
    urls = links_of(broadcast)
    checks = broadcast.link_checks or {}
    unseen = [url for url in urls if url not in checks]
    broken = [url for url in urls if url in checks and not checks[url]["is_good"]]
    for url in broken:
        yield Finding("warn", f"A link may be broken: {url[:120]}", checks[url]["said"])
    if unseen and broadcast.links_due_at:
        yield Finding("warn", "The links are being checked", "Look again in a moment.", "check")
    elif urls and not unseen and not broken:
        yield Finding("good", "Every link leads somewhere" if len(urls) > 1 else "The link leads somewhere")


def _about_test(broadcast: Broadcast, reckoning: Reckoning) -> Iterator[Finding]:
    if len(broadcast.variants) < 2:
        yield Finding("bad", "A test needs two versions", "Write version B, or end the test.")
        return
    if len({each.content_id for each in broadcast.variants}) < len(broadcast.variants):
        yield Finding(
            "bad", "Two versions say the same", "Change one of them, or remove it.", broadcast.variants[-1].letter
        )
    each = reckoning.will_get * broadcast.test_share // 100 // len(broadcast.variants)
    if each < FEW_FOR_A_TEST:
        text = f"About {each:,} would get each version. Below {FEW_FOR_A_TEST} the result is chance more than not."
        yield Finding("warn", "The test is small", text, "send")


def _which(broadcast: Broadcast, variant: Variant) -> str:
    return f"Version {variant.letter}" if len(broadcast.variants) > 1 else "The email"
