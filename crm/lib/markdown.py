"""Markdown that people write, as HTML that can do no harm and as plain words."""

from __future__ import annotations

from html import unescape

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

_MARKDOWN = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])
_TAGS = {
    "p", "br", "strong", "em", "s", "a", "ul", "ol", "li", "blockquote", "code", "pre", "hr", "h1", "h2", "h3", "h4", "h5", "h6",
    "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
_SCHEMES = {"http", "https", "mailto", "tel"}
_REL = "noopener noreferrer nofollow"


def to_html(text: str) -> Markup:
    """The text as HTML: no images, no markup of the writer's own, links only to the web, mail and telephone."""
    return Markup(  # noqa: S704  sanitised in this very line
        nh3.clean(_MARKDOWN.render(text), tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=_SCHEMES, link_rel=_REL)
    )


def to_text(text: str) -> str:
    """The words alone, one line per block."""
    plain = unescape(nh3.clean(_MARKDOWN.render(text), tags=set()))
    return "\n".join(line.strip() for line in plain.splitlines() if line.strip())
