"""The plain-text twin of an email, made from its HTML."""

import re
from html.parser import HTMLParser

_BREAKS = {"p", "div", "tr", "table", "h1", "h2", "h3", "h4", "ul", "ol", "blockquote", "hr", "section"}
_SKIPPED = {"style", "script", "head", "title"}
_BLANKS = re.compile(r"[ \t\r\f\v\u00a0\u200a]+")
_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")


def to_text(html: str) -> str:
    """Readable text: paragraphs apart, items with a dash, each link's address after its words."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return tidy("\n".join(line.strip() for line in "".join(reader.parts).split("\n")))


def tidy(text: str) -> str:
    """The text with never more than one empty line together, which a part left out would leave."""
    return _LINES.sub("\n\n", text).strip() + "\n"


class _Reader(HTMLParser):
    """Collects what a reader would see."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.skipping = 0
        self.links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in _SKIPPED:
            self.skipping += 1
        elif tag == "a":
            self.links.append((values.get("href") or "", len(self.parts)))
        elif tag == "img" and values.get("alt"):
            self.parts.append(f"[{values['alt']}]")
        elif tag == "li":
            self.parts.append("\n- ")
        elif tag == "br":
            self.parts.append("\n")
        elif tag in _BREAKS:
            self.parts.append("\n\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SKIPPED:
            self.skipping = max(0, self.skipping - 1)
        elif tag == "a" and self.links:
            self._link(*self.links.pop())
        elif tag in ("td", "th"):
            self.parts.append(" ")
        elif tag in _BREAKS:
            self.parts.append("\n\n")

    def handle_data(self, data: str) -> None:
        if not self.skipping:
            self.parts.append(_BLANKS.sub(" ", data.replace("\n", " ")))

    def _link(self, href: str, start: int) -> None:
        said = "".join(self.parts[start:]).strip()
        address = href.removeprefix("mailto:").removeprefix("tel:")
        if address and not href.startswith("#") and address != said:
            self.parts.append(f" ({address})" if said else address)
