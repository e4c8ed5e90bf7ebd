"""What a browser would post: the successful controls of a piece of HTML."""

from html.parser import HTMLParser


class _Controls(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.select: str | None = None
        self.options: list[tuple[str, bool]] = []
        self.open: tuple[str, list[str]] | None = None
        self.option: dict | None = None

    def handle_starttag(self, tag: str, attrs: list) -> None:
        given = dict(attrs)
        if tag == "input" and (given.get("type") != "checkbox" or "checked" in given):
            self.found.append((given["name"], given.get("value", "")))
        elif tag == "select":
            self.select, self.options = given["name"], []
        elif tag == "option":
            self.option = given | {"text": ""}
        elif tag == "textarea":
            self.open = (given["name"], [])

    def handle_data(self, data: str) -> None:
        if self.open:
            self.open[1].append(data)
        elif self.option is not None:
            self.option["text"] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self.open:
            self.found.append((self.open[0], "".join(self.open[1]).removeprefix("\n")))
            self.open = None
        elif tag == "option" and self.option is not None:
            self.options.append((self.option.get("value", self.option["text"]), "selected" in self.option))
            self.option = None
        elif tag == "select" and self.select:
            chosen = [value for value, selected in self.options if selected]
            self.found.append((self.select, (chosen or [self.options[0][0]])[-1]))


def inputs_of(html: str) -> list[tuple[str, str]]:
    parser = _Controls()
    parser.feed(html)
    return parser.found
