"""What people write becomes what can be filled in: one composition per content, used for all its messages."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from html import escape

from markdown_it import MarkdownIt

from crm.email import links, mjml, plain, shell
from crm.email.masking import Mask
from crm.lib import merge_tags
from crm.lib.merge_tags import MergeError

FORMATS = ("markdown", "mjml", "system", "notice")
"""`system` is what the product itself writes to staff, `notice` what it writes to contacts: Markdown nobody unsubscribes from."""
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_ALONE = re.compile(r"<p>(\w+)</p>\n?")


@dataclass(frozen=True)
class Composed:
    """An email ready to be filled in: three Liquid texts, and the addresses behind its `{{ link_N }}`."""

    subject: str
    html: str
    text: str
    links: tuple[str, ...]
    names: frozenset[str]
    """What the author's text reads; the values to be kept with each message."""


@lru_cache(maxsize=128)
def composed(format: str, subject: str, preheader: str, body: str) -> Composed:  # noqa: A002
    """The composition of a content; the same words are composed once. Raises MergeError in words for the author."""
    mask = Mask(body + preheader)
    brand = _brand(mask)
    html, urls = links.take_out(_document(format, body, mask, brand), mask)
    first = shell.PREHEADER.substitute(text=escape(mask.hide(preheader))) if preheader else ""
    pixel = shell.PIXEL.substitute(url=mask.add("{{ open_url }}"))
    last = mask.add("{% if open_url %}") + pixel + mask.add("{% endif %}")
    made = Composed(
        subject=" ".join(subject.split()),
        html=mask.show(shell.within_body(html, first, last)),
        text=mask.show(plain.to_text(html.replace(brand, ""))),
        links=urls,
        names=frozenset().union(*map(merge_tags.names, (subject, preheader, body))),
    )
    for text, is_html in ((made.subject, False), (made.html, True), (made.text, False)):
        merge_tags.compiled(text, is_html)
    return made


def check(format: str, subject: str, preheader: str, body: str, known: Collection[str]) -> dict[str, list[str]]:  # noqa: A002
    """What is wrong with a content, by field, in words for the person who wrote it; nothing when it can be sent."""
    found = {
        name: [str(problem) for problem in merge_tags.check(text, known)]
        for name, text in (("subject", subject), ("preheader", preheader), ("body", body))
    }
    if not subject.strip():
        found["subject"].append("Write a subject.")
    if not body.strip():
        found["body"].append("Write something to send.")
    if not any(found.values()):
        found["body"] += _cannot_be_composed(format, subject, preheader, body)
    return {name: problems for name, problems in found.items() if problems}


def _cannot_be_composed(*content: str) -> list[str]:
    try:
        composed(*content)
    except MergeError as error:
        return [str(error)]
    return []


def _document(format: str, body: str, mask: Mask, brand: str) -> str:  # noqa: A002
    hidden = mask.hide(body)
    if format == "system":
        footer = shell.STAFF_FOOTER.substitute(name=mask.add("{{ school.name }}"))
        return shell.MARKDOWN.substitute(words=_words(hidden, mask), footer=footer, brand=brand)
    if format == "notice":
        footer = shell.NOTICE_FOOTER.substitute(_who(mask))
        return shell.MARKDOWN.substitute(words=_words(hidden, mask), footer=footer, brand=brand)
    footer = "" if _has_own_footer(body) else _footer(mask)
    if format == "mjml":
        return mjml.to_html(hidden, mask, footer)
    return shell.MARKDOWN.substitute(words=_words(hidden, mask), footer=footer, brand=brand)


def _words(hidden: str, mask: Mask) -> str:
    """Markdown to HTML; a `{% … %}` on a line of its own leaves no empty paragraph behind."""
    return _ALONE.sub(
        lambda found: found.group(1) if _is_control(found.group(1), mask) else found.group(), _MARKDOWN.render(hidden)
    )


def _is_control(word: str, mask: Mask) -> bool:
    found = mask.word.fullmatch(word)
    return found is not None and mask.tag(found).startswith("{%")


def _has_own_footer(body: str) -> bool:
    return {"unsubscribe_url", "school.address"} <= merge_tags.names(body)


def _footer(mask: Mask) -> str:
    return shell.FOOTER.substitute(
        _who(mask),
        unsubscribe=mask.add("{{ unsubscribe_url }}"),
        preferences=mask.add("{{ preferences_url }}"),
        view=mask.add("{{ view_url }}"),
    )


def _who(mask: Mask) -> dict[str, str]:
    """The school as footers name it: plainly, with its website behind it, and its postal address."""
    name = mask.add("{{ school.name }}")
    home = shell.HOME.substitute(website=mask.add("{{ school.website }}"), name=name)
    address = shell.FOOTER_ADDRESS.substitute(address=mask.add("{{ school.address }}"))
    return {"name": name, "home": _if(mask, "website", home, name), "address": _if(mask, "address", address)}


def _brand(mask: Mask) -> str:
    """The school's logo, if it has one."""
    return _if(
        mask, "logo", shell.BRAND.substitute(logo=mask.add("{{ school.logo }}"), name=mask.add("{{ school.name }}"))
    )


def _if(mask: Mask, fact: str, words: str, otherwise: str = "") -> str:
    """These words for a school that has this, else the others."""
    begin = mask.add(f"{{% if school.{fact} and school.{fact} != '' %}}")
    return begin + words + (mask.add("{% else %}") + otherwise if otherwise else "") + mask.add("{% endif %}")
