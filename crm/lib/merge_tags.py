"""Merge tags: what may stand between {{ }} and {% %} in a text people write, and how it is filled in.

The language is Liquid with everything left out that can grow, reach the program or run long: no includes, no assignment, no
ranges, no filter whose result is longer than a few thousand characters. A value is put in once and never read as a template.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache

from liquid.exceptions import LiquidError, LoopIterationLimitError, OutputStreamLimitError, UnknownFilterError

from crm.lib.merge_language import FILTERS, HTML, MAX_LOOP, PLAIN

MAX_TEXT = 400_000  # characters of a template
MAX_TAGS = 1_000  # tags in it
MAX_TAG = 1_000  # characters of one tag: the parser is quadratic in them
MAX_TAG_TEXT = (
    10_000  # characters inside all its tags: together with the loop limit this bounds the work of one rendering
)

_RAW = re.compile(r"\{%-?\s*raw\s*-?%\}")
_END_RAW = re.compile(r"\{%-?\s*endraw\s*-?%\}")
_CLOSING = {"{{": "}}", "{%": "%}"}
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_OF_A_LIST = ("size", "first", "last")


@dataclass(frozen=True)
class Problem:
    """What is wrong with a template, in words for its author, with the line it is on (from 1) if known."""

    message: str
    line: int | None = None

    def __str__(self) -> str:
        return f"Line {self.line}: {self.message}" if self.line else self.message


class MergeError(ValueError):
    """A template that cannot be compiled or filled in; the message is fit to be shown."""

    def __init__(self, problem: Problem | str):
        self.problem = Problem(problem) if isinstance(problem, str) else problem
        super().__init__(str(self.problem))


@dataclass(frozen=True)
class Compiled:
    """A template ready to be filled in any number of times."""

    template: object

    def render(self, values: Mapping[str, object]) -> str:
        """The text with its values in. Unknown names are empty; nested names are nested mappings."""
        try:
            return self.template.render(**values)
        except LoopIterationLimitError as error:
            raise MergeError(f"A loop goes round more than {MAX_LOOP} times.") from error
        except OutputStreamLimitError as error:
            raise MergeError("The text grows beyond what an email can hold.") from error
        except (LiquidError, ArithmeticError, ValueError, TypeError, RecursionError) as error:
            raise MergeError(f"The merge tags could not be filled in: {_words(error)}") from error


@lru_cache(maxsize=512)
def compiled(text: str, html: bool = False) -> Compiled:
    """The compiled template; with `html` whatever a tag puts in is escaped. Raises MergeError with the line of a mistake."""
    problems = _limits(text)
    if problems:
        raise MergeError(problems[0])
    try:
        return Compiled((HTML if html else PLAIN).from_string(text))
    except RecursionError as error:
        raise MergeError("The merge tags are nested too deeply.") from error
    except (LiquidError, ValueError, OverflowError) as error:
        raise MergeError(_as_problem(error, text)) from error


def render(text: str, values: Mapping[str, object], html: bool = False) -> str:
    """The text with its merge tags filled in."""
    return compiled(text, html).render(values) if "{" in text else text


def check(text: str, known_names: Collection[str]) -> list[Problem]:
    """Everything wrong with a template: too big, a syntax error, or a name that is not one of `known_names` ("contact.email")."""
    problems = _limits(text)
    if problems:
        return problems
    try:
        used = _used(text)
    except RecursionError:
        return [Problem("The merge tags are nested too deeply.")]
    except (LiquidError, ValueError, OverflowError) as error:
        return [_as_problem(error, text)]
    return _unknown_filters(text) + [
        _unknown(name, text, at, known_names) for name, at in used if not _is_known(name, known_names)
    ]


def names(text: str) -> set[str]:
    """The dotted names a template reads, for instance {"contact.first_name"}. Empty if it does not compile."""
    try:
        return {name for name, _ in _used(text)} if not _limits(text) else set()
    except (LiquidError, ValueError, OverflowError, RecursionError):
        return set()


def spans(text: str) -> list[tuple[int, int]]:
    """Where every tag begins and ends, in order; `{% raw %}…{% endraw %}` counts as one. Linear in the text, whatever is in it."""
    found, at = [], 0
    while (start := _next_opening(text, at)) >= 0:
        at = _end_of_tag(text, start)
        found.append((start, at))
    return found


def _next_opening(text: str, at: int) -> int:
    return min((start for start in (text.find("{{", at), text.find("{%", at)) if start >= 0), default=-1)


def _end_of_tag(text: str, start: int) -> int:
    closing = _CLOSING[text[start : start + 2]]
    end = text.find(closing, start + 2)
    if end < 0:
        raise MergeError(Problem(f"The closing {closing} is missing.", _line(text, start)))
    end += 2
    raw = _RAW.fullmatch(text, start, end)
    if raw is None:
        return end
    close = _END_RAW.search(text, end)
    if close is None:
        raise MergeError(Problem("{% endraw %} is missing.", _line(text, start)))
    return close.end()


def _limits(text: str) -> list[Problem]:
    if len(text) > MAX_TEXT:
        return [Problem(f"The text is longer than {MAX_TEXT:,} characters.")]
    if text.count("{{") + text.count("{%") > 2 * MAX_TAGS:
        return [_TOO_MANY]
    try:
        found = spans(text)
    except MergeError as error:
        return [error.problem]
    if len(found) > MAX_TAGS or sum(end - start for start, end in found) > MAX_TAG_TEXT:
        return [_TOO_MANY]
    too_long = [start for start, end in found if end - start > MAX_TAG and not _RAW.match(text, start)]
    if too_long:
        return [Problem(f"A merge tag is longer than {MAX_TAG:,} characters.", _line(text, too_long[0]))]
    return [
        Problem("Ranges such as (1..5) are not available.", _line(text, start))
        for start, end in found
        if ".." in _QUOTED.sub("", text[start:end]) and not _RAW.match(text, start)
    ]


_TOO_MANY = Problem(
    f"There are more merge tags than one text may hold ({MAX_TAGS:,}, or {MAX_TAG_TEXT:,} characters in all)."
)


@lru_cache(maxsize=512)
def _used(text: str) -> tuple[tuple[str, int], ...]:
    analysis = PLAIN.from_string(text).analyze()
    found = [(_dotted(use.segments), use.span.index) for uses in analysis.globals.values() for use in uses]
    return tuple(sorted(found, key=lambda use: use[1]))


def _unknown_filters(text: str) -> list[Problem]:
    filters = PLAIN.from_string(text).analyze().filters
    return [
        Problem(_no_filter(name), _line(text, used[0].index)) for name, used in filters.items() if name not in FILTERS
    ]


def _no_filter(name: str) -> str:
    return f"There is no filter named {name[:40]}. There are: {', '.join(sorted(FILTERS))}."


def _dotted(segments: list) -> str:
    return ".".join("[…]" if isinstance(segment, list) else str(segment) for segment in segments)


def _is_known(name: str, known: Collection[str]) -> bool:
    stem, _, last = name.rpartition(".")
    return name in known or (last in _OF_A_LIST and stem in known) or (last.isdigit() and stem in known)


def _unknown(name: str, text: str, at: int, known: Collection[str]) -> Problem:
    near = _nearest(name, known)
    hint = f" Did you mean {{{{ {near} }}}}?" if near else ""
    return Problem(f"There is no merge tag {{{{ {name[:80]} }}}}.{hint}", _line(text, at))


def _nearest(name: str, known: Collection[str]) -> str | None:
    close = get_close_matches(name[:80], known, n=1, cutoff=0.6)
    same_end = [option for option in known if option.rpartition(".")[2] == name.rpartition(".")[2]]
    return (close or same_end or [None])[0]


def _as_problem(error: Exception, text: str) -> Problem:
    token = getattr(error, "token", None)
    at = getattr(token, "start_index", -1)
    return Problem(_words(error), _line(text, at) if 0 <= at <= len(text) else None)


_PLAIN_WORDS = (
    (re.compile(r"block nesting|unexpected liquid parsing"), "The merge tags are nested too deeply."),
    (re.compile(r"unexpected tag '(.*)'"), "{{% {0} %}} is not available here, or closes nothing."),
    (re.compile(r"expected tag (\w+), found"), "{{% {0} %}} is missing."),
    (re.compile(r"expected '(\}\}|%\})', found"), "The closing {0} is missing."),
    (re.compile(r"expected a primitive expression"), "A merge tag is empty or incomplete."),
    (
        re.compile(r"expected end of expression, found"),
        "A merge tag holds more than one name; put a | before a filter.",
    ),
)


def _words(error: Exception) -> str:
    if isinstance(error, UnknownFilterError):
        return _no_filter(str(error.message).partition("'")[2].rstrip("'"))
    said = str(getattr(error, "message", None) or error).split("\n")[0][:200]
    for pattern, words in _PLAIN_WORDS:
        found = pattern.search(said)
        if found:
            return words.format(*found.groups())
    return f"This merge tag cannot be read: {said}."


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1
