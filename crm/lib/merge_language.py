"""The language of merge tags: the part of Liquid that cannot grow, reach the program or run long, and its filters."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from html import escape
from urllib.parse import quote

from liquid import Environment
from liquid.builtin import content, illegal, output
from liquid.builtin.filters.misc import default
from liquid.builtin.tags import case_tag, comment_tag, for_tag, if_tag, unless_tag
from liquid.undefined import is_undefined

MAX_VALUE = 4_000  # characters of one value
MAX_LOOP = 100  # rounds, nested loops multiplied
MAX_OUTPUT = 2_000_000  # bytes

_DATE_CODE = re.compile(r"%-?(.)", re.DOTALL)
_DATE_CODES = frozenset("aAbBdeHIjmMpSyY%")


def _cut(value: object) -> str:
    if value is None or is_undefined(value):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(_cut(item) for item in list(value)[:MAX_LOOP])[:MAX_VALUE]
    if isinstance(value, Mapping):
        return ""
    return str(value)[:MAX_VALUE]


def _join(value: object, separator: object = ", ") -> str:
    items = list(value)[:MAX_LOOP] if isinstance(value, list | tuple) else [value]
    return _cut(_cut(separator)[:20].join(_cut(item) for item in items))


def _truncate(value: object, length: object = 50, end: object = "…") -> str:
    text, limit, tail = _cut(value), _number(length, 50), _cut(end)[:20]
    return text if len(text) <= limit else text[: max(0, limit - len(tail))] + tail


def _truncate_words(value: object, count: object = 15, end: object = "…") -> str:
    words, limit = _cut(value).split(), max(1, _number(count, 15))
    return " ".join(words[:limit]) + (_cut(end)[:20] if len(words) > limit else "")


def _number(value: object, otherwise: int) -> int:
    try:
        return max(0, min(int(value), MAX_VALUE))
    except (TypeError, ValueError, OverflowError):
        return otherwise


def _date(value: object, form: object = "%-d %B %Y") -> str:
    moment = _moment(value)
    if moment is None:
        return _cut(value)
    return _DATE_CODE.sub(
        lambda code: moment.strftime(code.group()) if code.group(1) in _DATE_CODES else code.group(), _cut(form)[:100]
    )


def _moment(value: object) -> date | None:
    if isinstance(value, date):
        return value
    try:
        return datetime.fromisoformat(_cut(value))
    except ValueError:
        return None


FILTERS = {
    "default": lambda value, other="": default(value, other),
    "upcase": lambda value: _cut(value).upper(),
    "downcase": lambda value: _cut(value).lower(),
    "capitalize": lambda value: _cut(value)[:1].upper() + _cut(value)[1:],
    "strip": lambda value: _cut(value).strip(),
    "truncate": _truncate,
    "truncatewords": _truncate_words,
    "join": _join,
    "date": _date,
    "url_encode": lambda value: quote(_cut(value), safe="")[: 3 * MAX_VALUE],
}


def _forgiving(function: Callable) -> Callable:
    """The filter without its surplus arguments, so that one too many is no error on the day of sending."""
    most = function.__code__.co_argcount - 1
    return lambda value, *arguments, **_: function(value, *arguments[:most])


class _Value(output.OutputNode):
    """An output statement that writes its value cut to size and, in HTML, escaped whatever it came from."""

    def render_to_output(self, context, buffer) -> int:
        value = _cut(self.expression.evaluate(context))
        return buffer.write(escape(value) if self.escapes else value)

    escapes = False


class _HtmlValue(_Value):
    escapes = True


class _Output(output.Output):
    node_class = _Value


class _HtmlOutput(output.Output):
    node_class = _HtmlValue


class _Language(Environment):
    """The part of Liquid that is offered."""

    loop_iteration_limit = MAX_LOOP
    output_stream_limit = MAX_OUTPUT
    local_namespace_limit = 10_000
    block_nesting_limit = 20
    value_tag: type = _Output

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:  # noqa: ARG002
        offered = (if_tag.IfTag, unless_tag.UnlessTag, case_tag.CaseTag, comment_tag.CommentTag)
        loops = (for_tag.ForTag, for_tag.BreakTag, for_tag.ContinueTag)
        for tag in (content.Literal, self.value_tag, illegal.Illegal, *offered, *loops):
            self.add_tag(tag)
        for name, function in FILTERS.items():
            self.add_filter(name, _forgiving(function))


class _HtmlLanguage(_Language):
    value_tag = _HtmlOutput


PLAIN = _Language()
HTML = _HtmlLanguage()
