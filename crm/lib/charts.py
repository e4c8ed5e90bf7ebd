"""Charts as plain geometry, for templates that draw SVG: `ui.line_chart`, `ui.bar_chart` and `ui.share_chart`.

A chart starts at zero, carries its own labels, a sentence that says the finding, and the table behind it. It knows nothing of
colours: each series has a number from 1 to 4, and the stylesheet gives it one that can be read in both themes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

WIDTH, HEIGHT = 600, 220
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 14, 26
"""Room for the words around the lines, in the units of the picture."""
SERIES = 4


@dataclass(frozen=True)
class Mark:
    """A word beside an axis, and where."""

    at: float
    text: str
    anchor: str = "middle"


@dataclass(frozen=True)
class Line:
    """One series as the points of a polyline, and the area below it; `end` is where its name stands."""

    name: str
    number: int
    points: str
    area: str
    dots: tuple[tuple[float, float, str], ...] = ()


@dataclass(frozen=True)
class Table:
    """What a chart shows, in numbers."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class LineChart:
    """Series over time."""

    title: str
    finding: str
    table: Table
    lines: tuple[Line, ...] = ()
    ups: tuple[Mark, ...] = ()
    acrosses: tuple[Mark, ...] = ()
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM


@dataclass(frozen=True)
class Bar:
    """A kind, how long its bar is (0 to 100, of the longest), and in words how much that is."""

    name: str
    length: float
    value: str
    second: float = 0
    """The part that follows it in a paler colour, such as what programs did."""
    href: str | None = None


@dataclass(frozen=True)
class BarChart:
    """Kinds beside each other, longest first. `names` tells what the two parts of a bar are, if it has two."""

    title: str
    finding: str
    table: Table
    bars: tuple[Bar, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Slice:
    """A part of a whole: where it begins and how wide it is, in percent."""

    name: str
    number: int
    start: float
    width: float
    value: str


@dataclass(frozen=True)
class ShareChart:
    """Parts of a whole, as one bar."""

    title: str
    finding: str
    table: Table
    slices: tuple[Slice, ...] = ()


@dataclass(frozen=True)
class Row:
    """One kind of a bar or share chart. `more` is added to the table."""

    name: str
    count: int
    second: int = 0
    more: tuple[str, ...] = field(default=())
    href: str | None = None


def line_chart(
    title: str, times: Sequence[str], series: Sequence[tuple[str, Sequence[int]]], finding: str = ""
) -> LineChart:
    """Up to four series over the same times, which are words: "3 Mar", "14:00"."""
    top = ceiling(max((value for _, values in series for value in values), default=0))
    table = Table(
        ("When", *(name for name, _ in series)),
        tuple((when, *(f"{values[at]:,}" for _, values in series)) for at, when in enumerate(times)),
    )
    return LineChart(
        title,
        finding or _peak(times, series),
        table,
        lines=tuple(_line(number, name, values, top, times) for number, (name, values) in enumerate(series, 1)),
        ups=tuple(Mark(_y(value, top), f"{value:,}", "end") for value in sorted({0, top // 2 if top > 1 else top, top})),
        acrosses=_acrosses(times),
    )  # fmt: skip


def bar_chart(title: str, rows: Sequence[Row], noun: str, finding: str = "", names: tuple[str, ...] = (), heads: tuple[str, ...] = ()) -> BarChart:  # fmt: skip
    """A bar for each row. `noun` is what is counted; `names` what the two parts of a bar are; `heads` the columns of `more`."""
    longest = max((row.count + row.second for row in rows), default=0) or 1
    bars = tuple(
        Bar(row.name, 100 * row.count / longest, f"{row.count:,}", 100 * row.second / longest, row.href) for row in rows
    )
    counted = names if len(names) == 2 else (noun.capitalize(),)
    cells = [(f"{row.count:,}", f"{row.second:,}")[: len(counted)] for row in rows]
    table = Table(
        ("", *counted, *heads), tuple((row.name, *cell, *row.more) for row, cell in zip(rows, cells, strict=True))
    )
    return BarChart(title, finding or _most(rows, noun), table, bars, names)  # fmt: skip


def share_chart(title: str, rows: Sequence[Row], noun: str, finding: str = "") -> ShareChart:
    """The rows as parts of their sum; beyond the fourth they are put together."""
    shown = list(rows[:SERIES]) if len(rows) <= SERIES else [*rows[: SERIES - 1], _rest(rows[SERIES - 1 :])]
    whole = sum(row.count for row in shown) or 1
    slices, start = [], 0.0
    for number, row in enumerate(shown, 1):
        width = 100 * row.count / whole
        slices.append(Slice(row.name, number, start, width, f"{percent(row.count, whole)} ({row.count:,})"))
        start += width
    table = Table(
        ("", noun.capitalize(), "Share"), tuple((row.name, f"{row.count:,}", percent(row.count, whole)) for row in rows)
    )
    return ShareChart(title, finding or _most(rows, noun), table, tuple(slices))  # fmt: skip


def percent(part: float, whole: float) -> str:
    """A share in words: a tenth of a percent below ten, whole ones above."""
    if not whole:
        return "–"
    share = 100 * part / whole
    return f"{share:.1f} %" if 0 < share < 9.95 else f"{share:.0f} %"


def ceiling(value: int) -> int:
    """The round number an axis ends at: 1, 2 or 5 times a power of ten, at least `value`, and even where it is halved."""
    step = 1
    while True:
        for times in (1, 2, 4, 6, 8):
            if times * step >= value:
                return times * step
        step *= 10


def _line(number: int, name: str, values: Sequence[int], top: int, times: Sequence[str]) -> Line:
    spots = [(_x(at, len(values)), _y(value, top)) for at, value in enumerate(values)]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
    base = HEIGHT - BOTTOM
    area = f"{spots[0][0]:.1f},{base} {points} {spots[-1][0]:.1f},{base}" if spots else ""
    seen = [at for at in range(len(values)) if len(values) <= 40 or values[at]]
    dots = tuple((*spots[at], f"{times[at]}: {values[at]:,} {name.lower()}") for at in seen)
    return Line(name, number, points, area, dots if len(dots) <= 200 else ())


def _x(at: int, count: int) -> float:
    room = WIDTH - LEFT - RIGHT
    return LEFT + (room / 2 if count < 2 else room * at / (count - 1))


def _y(value: int, top: int) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / (top or 1)


def _acrosses(times: Sequence[str]) -> tuple[Mark, ...]:
    """The first, the middle and the last time: as many words as a phone has room for."""
    if len(times) < 2:
        return tuple(Mark(_x(0, 1), each) for each in times)
    last, middle = len(times) - 1, len(times) // 2
    marks = [Mark(_x(0, len(times)), times[0], "start")]
    if last > 3:
        marks.append(Mark(_x(middle, len(times)), times[middle]))
    return (*marks, Mark(_x(last, len(times)), times[last], "end"))


def _peak(times: Sequence[str], series: Sequence[tuple[str, Sequence[int]]]) -> str:
    if not series or not any(series[0][1]):
        return "Nothing so far."
    name, values = series[0]
    most = max(values)
    return f"{name}: {sum(values):,} in all, most at {times[list(values).index(most)]} ({most:,})."


def _most(rows: Sequence[Row], noun: str) -> str:
    whole = sum(row.count for row in rows)
    if not whole:
        return "Nothing so far."
    first = max(rows, key=lambda row: row.count)
    if first.count == whole:
        return f"{first.name}: all {whole:,} {noun}." if whole > 1 else f"{first.name}: the only one so far."
    return f"{first.name} leads with {percent(first.count, whole)} of {whole:,} {noun}."


def _rest(rows: Sequence[Row]) -> Row:
    return Row("Others", sum(row.count for row in rows))
