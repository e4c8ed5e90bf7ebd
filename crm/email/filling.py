"""A composition taken apart once, so that each message only fills in what differs.

Its Liquid texts become constants and the tags between them. Each different tag is evaluated once per message, however often it stands in
the text, and long constants are encoded in base64 beforehand: only the stretches with values in them are encoded anew (RFC 2045 lets lines
be shorter than 76). The result is what rendering the whole text and encoding it would give once decoded; the tests hold the two together.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from operator import itemgetter
from struct import Struct
from typing import Any

from liquid.builtin.content import ContentNode

from crm.email import headers, plain
from crm.email.compose import Composed
from crm.email.rendering import LEAVING
from crm.lib import merge_tags

_DIRECT = re.compile(rf"\{{\{{ (link_\d+|open_url|{'|'.join(LEAVING)}) \}}\}}")
_WHOLE = re.compile(r"\{[{%]-|-[%}]\}|\{%\s*raw\b")
"""What reaches beyond its own tag: a text with it is one slot."""
_PLAIN_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_REMEMBERED = 2_000
_LINE = 76
_LONG = 600
"""Letters from which on a constant is encoded beforehand; shorter ones are quicker encoded with what is around them."""


@dataclass(frozen=True)
class Filled:
    """An email as one person gets it: the subject, and both parts in base64 with CRLF line ends, in pieces."""

    subject: str
    html: tuple[bytes, ...]
    text: tuple[bytes, ...]


class Sheet:
    """A composition taken apart: subject, HTML and text. `prefixes` are what the addresses of its links always begin with."""

    def __init__(self, content: Composed, prefixes: Mapping[str, str]):
        self.subject = _Part(" ".join(content.subject.split()), prefixes, is_html=False)
        self.html = _Part(_with_pixel(content.html), prefixes, is_html=True)
        self.text = _Part(content.text, prefixes, is_html=False)

    def filled(self, values: Mapping[str, object], tokens: Mapping[str, str]) -> Filled:
        """The email with these values in; `tokens` are what follows the prefix of each address. Raises MergeError."""
        subject = self.subject.whole(self.subject.words(values, tokens))
        html = self.html.words(values, tokens)
        text = self.text.words(values, tokens)
        return Filled(headers.one_line(subject), self.html.encoded(html), self.text.tidily_encoded(text))


@lru_cache(maxsize=64)
def sheet_of(content: Composed, click: str, unsubscribe: str, opened: str) -> Sheet:
    """The sheet of a composition, with what its three kinds of address begin with; made once."""
    links = {f"link_{at}": click for at in range(len(content.links))}
    leaving = dict.fromkeys(LEAVING, unsubscribe)
    return Sheet(content, {**links, **leaving, "open_url": opened, "account_url": ""})


class _Part:
    """A Liquid text as constants and the slots between: one constant more than slots."""

    def __init__(self, text: str, prefixes: Mapping[str, str], *, is_html: bool):
        self.constants, tags = _taken_apart(text, is_html)
        for at, tag in enumerate(tags):
            if found := _DIRECT.fullmatch(tag):
                prefix = prefixes[found.group(1)]
                self.constants[at] += escape(prefix) if is_html else prefix
        distinct = sorted(dict.fromkeys(tags), key=_kind_of)
        self.slots = tuple(distinct.index(tag) for tag in tags)
        self._direct = tuple(found.group(1) for tag in distinct if (found := _DIRECT.fullmatch(tag)))
        self._evaluate_school, self._evaluate = (
            [_evaluation(tag, prefixes, is_html) for tag in distinct if _kind_of(tag) == kind] for kind in (1, 2)
        )
        self._of_school: tuple[Any, list[str]] = (None, [])
        self._count = len(distinct)
        self._alone = frozenset(
            slot for at, slot in enumerate(self.slots) if _stands_alone(*self.constants[at : at + 2])
        )
        self._lines = [_with_crlf(each) for each in self.constants]
        *self._stretches, (self._last, _) = [(_picker(places), behind) for places, behind in self._taken_together()]

    def _taken_together(self) -> list[tuple[list[int], list[tuple[bytes, bytes, bytes]]]]:
        """Stretches of words and short constants, by their places in `[*words, *constants]`, each with the long constant behind it."""
        made, places = [], [self._count]
        for at, slot in enumerate((*self.slots, None), self._count):
            constant = self._lines[at - self._count]
            if len(constant) >= _LONG:
                made.append((places[:-1], _encodings(constant.encode("utf-8", "replace"))))
                places = []
            if slot is not None:
                places += [slot, at + 1]
        return [*made, (places, [])]

    def words(self, values: Mapping[str, Any], tokens: Mapping[str, str]) -> list[str]:
        """What each different tag gives."""
        school, (known, of_school) = values.get("school"), self._of_school
        if school != known or school is None:
            of_school = [evaluate(values, tokens) for evaluate in self._evaluate_school]
            self._of_school = school, of_school
        return [
            *[tokens[name] for name in self._direct],
            *of_school,
            *[evaluate(values, tokens) for evaluate in self._evaluate],
        ]

    def whole(self, words: Sequence[str]) -> str:
        """The text with these words in its slots."""
        parts = [self.constants[0]]
        for slot, constant in zip(self.slots, self.constants[1:], strict=True):
            parts += (words[slot], constant)
        return "".join(parts)

    def encoded(self, words: Sequence[str]) -> tuple[bytes, ...]:
        """The part in base64."""
        if "\n" in "".join(words):
            words = [*map(_with_crlf, words)]
        texts = [*words, *self._lines]
        out, carry = [], b""
        for picked, alignments in self._stretches:
            piece = carry + "".join(picked(texts)).encode("utf-8", "replace")
            head, whole, carry = alignments[-len(piece) % 3]
            out += (_wrapped(piece + head), whole)
        out.append(_wrapped(carry + "".join(self._last(texts)).encode("utf-8", "replace")))
        return tuple(out)

    def tidily_encoded(self, words: Sequence[str]) -> tuple[bytes, ...]:
        """The same, with never two empty lines together where a slot stayed empty."""
        is_tidy = all(map(str.strip, map(words.__getitem__, self._alone))) and "\n" not in "".join(words)
        return self.encoded(words) if is_tidy else encoded(plain.tidy(self.whole(words)))


def _kind_of(tag: str) -> int:
    """0 is a token as it stands, 1 reads nothing but what is the same for the whole school, 2 is anything else."""
    if _DIRECT.fullmatch(tag):
        return 0
    names = merge_tags.names(tag)
    return 1 if names and all(name.startswith("school.") for name in names) else 2


def _evaluation(
    tag: str, prefixes: Mapping[str, str], is_html: bool
) -> Callable[[Mapping[str, Any], Mapping[str, str]], str]:
    """What a tag gives, from the values and the tokens. What the same values gave before is remembered."""
    template, names = merge_tags.compiled(tag, is_html), sorted(merge_tags.names(tag))
    if set(names) & prefixes.keys():
        return lambda values, tokens: template.render(
            {**values, **{each: prefixes[each] + tokens[each] for each in prefixes}}
        )
    if not all(_PLAIN_NAME.fullmatch(name) for name in names):
        return lambda values, _tokens: template.render(values)
    paths, known = [tuple(name.split(".")) for name in names], {}

    def evaluate(values: Mapping[str, Any], _tokens: Mapping[str, str]) -> str:
        read = tuple([_value_at(values, path) for path in paths])
        try:
            found = known.get(read)
        except TypeError:  # a list: a contact's tags
            return template.render(values)
        if found is None:
            if len(known) >= _REMEMBERED:
                known.clear()
            found = known[read] = template.render(values)
        return found

    return evaluate


def _value_at(values: Any, path: tuple[str, ...]) -> tuple[type, Any]:
    try:
        for key in path:
            values = values[key]
    except (KeyError, TypeError):
        values = None
    return type(values), values


def _with_pixel(html: str) -> str:
    """What is sent always has its picture, so that whether it has need not be asked each time."""
    before, found, after = html.rpartition("{% if open_url %}")
    return before + after.replace("{% endif %}", "", 1) if found else html


def encoded(text: str) -> tuple[bytes, ...]:
    """A whole text in base64."""
    return (_wrapped(_with_crlf(text).encode("utf-8", "replace")),)


def _taken_apart(text: str, is_html: bool) -> tuple[list[str], list[str]]:
    if "{" not in text:
        return [text], []
    nodes = merge_tags.compiled(text, is_html).template.nodes  # type: ignore[attr-defined]
    if _WHOLE.search(text):
        return ["", ""], [text]
    starts = [_start_of(node, text) for node in nodes] + [len(text)]
    constants, tags = [""], []
    for at, node in enumerate(nodes):
        if isinstance(node, ContentNode):
            constants[-1] += str(node)
        else:
            tags.append(text[starts[at] : starts[at + 1]])
            constants.append("")
    return constants, tags


def _start_of(node: Any, text: str) -> int:
    """Where a node begins; of `{% if … %}` the parser remembers where its name stands."""
    at = node.token.start_index
    return at if isinstance(node, ContentNode) or text.startswith("{{", at) else text.rindex("{%", 0, at)


def _stands_alone(before: str, after: str) -> bool:
    """Whether leaving out what stands between these would leave an empty line more than there was."""
    before, after = before.rstrip(" \t"), after.lstrip(" \t")
    return not before or not after or (before.endswith("\n") and after.startswith("\n"))


def _with_crlf(text: str) -> str:
    return text.replace("\n", "\r\n")


def _picker(places: Sequence[int]) -> Callable[[Sequence[str]], Sequence[str]]:
    """What gives the texts at these places."""
    return itemgetter(*places) if len(places) > 1 else lambda texts: [texts[at] for at in places]


def _encodings(data: bytes) -> list[tuple[bytes, bytes, bytes]]:
    """For 0, 1 and 2 bytes that the piece before needs: those bytes, the base64 of the rest, and the bytes left for the piece after."""
    ends = [needed + (len(data) - needed) // 3 * 3 for needed in range(3)]
    return [(data[:needed], _wrapped(data[needed:end]), data[end:]) for needed, end in enumerate(ends)]


def _wrapped(data: bytes) -> bytes:
    """In base64, in lines."""
    letters = b2a_base64(data, newline=False)
    return b"\r\n".join((*_scissors(len(letters)).unpack(letters), b""))


@lru_cache(maxsize=256)
def _scissors(length: int) -> Struct:
    """What cuts so many letters into lines: it takes a fifth of the time of cutting line by line."""
    lines, rest = divmod(length, _LINE)
    return Struct(f"{_LINE}s" * lines + (f"{rest}s" if rest else ""))
