"""MJML to HTML. The source is rebuilt from what is allowed before the compiler sees it, which would pass anything through."""

import re
from html import escape, unescape

import mrml
import nh3

from crm.email.masking import Mask
from crm.lib.merge_tags import MergeError, Problem

TEXTS = {
    "mj-text", "mj-button", "mj-table", "mj-social-element", "mj-navbar-link", "mj-accordion-title", "mj-accordion-text",
    "mj-title", "mj-preview",
}  # fmt: skip
FRAMES = {
    "mjml", "mj-head", "mj-body", "mj-attributes", "mj-all", "mj-class", "mj-breakpoint", "mj-wrapper", "mj-section", "mj-group",
    "mj-column", "mj-hero", "mj-image", "mj-divider", "mj-spacer", "mj-social", "mj-navbar", "mj-accordion", "mj-accordion-element",
}  # fmt: skip
_STYLE = "mj-style"
_ADDRESSES = {"href", "src", "background-url", "background"}
_SCHEMES = ("https://", "http://", "mailto:", "tel:", "#")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_ATTRIBUTE = re.compile(r"""\s+([a-zA-Z][\w:-]*+)\s*=\s*(?:"([^"<>]*+)"|'([^'<>]*+)')""")
_TAG = re.compile(r"""<(/?)([a-zA-Z][\w-]*+)((?:\s+[a-zA-Z][\w:-]*+\s*=\s*(?:"[^"<>]*+"|'[^'<>]*+'))*+)\s*(/?)>""")
_HTML_TAGS = {
    "a", "b", "blockquote", "br", "code", "del", "div", "em", "h1", "h2", "h3", "h4", "hr", "i", "img", "ins", "li", "ol", "p",
    "s", "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
_HTML_ATTRIBUTES = {
    "*": {"style", "align", "title", "dir", "lang"},
    "a": {"href", "target"},
    "img": {"src", "alt", "width", "height"},
    "table": {"width", "cellpadding", "cellspacing", "border", "role"},
    "td": {"colspan", "rowspan", "width", "valign"},
    "th": {"colspan", "rowspan", "width", "valign", "scope"},
}


def to_html(source: str, mask: Mask, footer: str = "") -> str:
    """The email as HTML. `source` has its tags masked; `footer` is HTML of ours, put last. Raises MergeError with the line."""
    builder = _Rebuilt(_COMMENT.sub(lambda found: "\n" * found.group().count("\n"), source).strip(), mask)
    mjml = builder.build(footer)
    options = mrml.RenderOptions(disable_comments=False, fonts={})
    try:
        html = mrml.to_html(mjml, None, options).content
    except OSError as error:
        raise MergeError(f"The MJML cannot be read: {error}.") from error
    return builder.inner.show(html)


class _Rebuilt:
    """Walks the source once, keeping what is allowed and refusing the rest with the line it is on."""

    def __init__(self, source: str, mask: Mask):
        self.source, self.mask = source, mask
        self.inner = Mask(source + "inner")
        self.open: list[str] = []
        self.parts: list[str] = []

    def build(self, footer: str) -> str:
        self.footer, at = footer, 0
        if not self.source.startswith("<mjml"):
            raise MergeError("An MJML email begins with <mjml>.")
        while at < len(self.source):
            at = self._step(at)
        if self.open:
            raise MergeError(f"<{self.open[-1]}> is not closed.")
        return "".join(self.parts)

    def _step(self, at: int) -> int:
        start = self.source.find("<", at)
        self._between(at, start if start >= 0 else len(self.source))
        if start < 0:
            return len(self.source)
        found = _TAG.match(self.source, start)
        if found is None:
            raise self._wrong("This tag cannot be read; every attribute needs quotes", start)
        return self._tag(found)

    def _between(self, start: int, end: int) -> None:
        text = self.source[start:end]
        if self.mask.word.sub("", text).strip():
            raise self._wrong("Text must stand inside <mj-text>", start + len(text) - len(text.lstrip()))
        words = [found.group() for found in self.mask.word.finditer(text)]
        if words and "mj-body" not in self.open:
            raise self._wrong("A merge tag between tags must stand inside <mj-body>", start)
        self.parts += [f"<mj-raw>{word}</mj-raw>" for word in words]

    def _tag(self, found: re.Match) -> int:
        closes, name, attributes, ends = found.groups()
        if name not in TEXTS and name not in FRAMES and name != _STYLE:
            raise self._wrong(f"<{name}> is not available here", found.start())
        if closes:
            return self._close(name, found)
        self.parts.append(f"<{name}{self._attributes(attributes, found.start())}")
        if ends:
            self.parts.append("/>")
            return found.end()
        self.parts.append(">")
        if name in FRAMES:
            self.open.append(name)
            return found.end()
        return self._text(name, found)

    def _close(self, name: str, found: re.Match) -> int:
        if not self.open or self.open.pop() != name:
            raise self._wrong(f"</{name}> closes nothing", found.start())
        if name == "mj-body" and self.footer:
            self.parts.append(self._footer())
        self.parts.append(f"</{name}>")
        return found.end()

    def _footer(self) -> str:
        text = self.inner.add(self.footer)
        style = 'align="center" color="#667085" font-size="12px" line-height="18px" font-family="Helvetica, Arial, sans-serif"'
        return f"<mj-section><mj-column><mj-text {style}>{text}</mj-text></mj-column></mj-section>"

    def _text(self, name: str, found: re.Match) -> int:
        close = self.source.find(f"</{name}>", found.end())
        if close < 0:
            raise self._wrong(f"<{name}> is not closed", found.start())
        inside = self.source[found.end() : close]
        self.parts += [self.inner.add(_clean(name, inside)), f"</{name}>"]
        return close + len(name) + 3

    def _attributes(self, text: str, at: int) -> str:
        kept = []
        for found in _ATTRIBUTE.finditer(text):
            name, value = found.group(1).lower(), unescape(found.group(2) or found.group(3) or "")
            if name.startswith("on"):
                continue
            if name in _ADDRESSES and not self._is_address(value):
                raise self._wrong(f"The address “{self.mask.show(value)[:80]}” must begin with https://", at)
            kept.append(f' {name}="{escape(value)}"')
        return "".join(kept)

    def _is_address(self, value: str) -> bool:
        return value.strip().lower().startswith(_SCHEMES) or self.mask.word.match(value.strip()) is not None

    def _wrong(self, words: str, at: int) -> MergeError:
        return MergeError(Problem(f"{words}.", self.source.count("\n", 0, at) + 1))


def _clean(name: str, inside: str) -> str:
    if name == _STYLE:
        return inside.replace("<", "")
    if name in ("mj-title", "mj-preview"):
        return escape(nh3.clean(inside, tags=set()), quote=False)
    return clean_html(inside)


def clean_html(html: str) -> str:
    """HTML of an author with everything gone that a mail has no use for: scripts, handlers, forms, frames."""
    return nh3.clean(
        html,
        tags=_HTML_TAGS,
        attributes=_HTML_ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel=None,
    )
