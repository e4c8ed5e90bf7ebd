"""The flow chart beside the step list: where each box and line goes. Pure geometry; the template draws it as SVG."""

from __future__ import annotations

from dataclasses import dataclass, field

from crm.automation.editor import Card, Outline, Rail

BOX, HEIGHT = 142, 42
GAP = 24
"""Between two boxes of a line."""
FORK = 18
"""Between a box and where its branches run straight down."""
ASIDE = 12
MARGIN = 10
CURVE = 8


@dataclass(frozen=True)
class Box:
    """A step, the start or the end. `x`, `y` is the upper left corner."""

    x: float
    y: float
    title: str
    text: str
    icon: str
    shape: str = "step"
    step_id: int | None = None
    number: int | None = None
    here: int = 0
    has_error: bool = False
    width: float = BOX
    height: float = HEIGHT


@dataclass(frozen=True)
class Label:
    """The name of a branch, where its line begins."""

    x: float
    y: float
    text: str
    color: int


@dataclass
class Chart:
    """Everything to draw, in units of the view box."""

    width: float = 0
    height: float = 0
    boxes: list[Box] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)


def draw(outline: Outline) -> Chart:
    """The whole workflow: start on top, steps below it, branches side by side, the end at the bottom."""
    width = max(_width(outline.rail), BOX) + 2 * MARGIN
    chart = Chart(width)
    middle = width / 2
    chart.boxes.append(_end_box(middle, MARGIN, outline.trigger_label, outline.trigger_icon, "start"))
    bottom, goes_on = _draw_rail(chart, outline.rail, middle, MARGIN + HEIGHT)
    if goes_on:
        bottom = _line_down(chart, middle, bottom)
        chart.boxes.append(_end_box(middle, bottom, "End", "flag", "end", outline.completed))
        bottom += HEIGHT
    chart.height = bottom + MARGIN
    return chart


def _end_box(middle: float, y: float, title: str, icon: str, shape: str, here: int = 0) -> Box:
    return Box(middle - BOX / 2, y, title, "", icon, shape, here=here)


def _draw_rail(chart: Chart, rail: Rail, middle: float, y: float) -> tuple[float, bool]:
    """The cards of one line from `y` down; where it ends, and whether it goes on from there."""
    goes_on = True
    for card in rail.cards:
        if goes_on:
            y = _line_down(chart, middle, y)
        else:
            y += GAP
        y, goes_on = _draw_card(chart, card, middle, y)
    return y, goes_on


def _draw_card(chart: Chart, card: Card, middle: float, y: float) -> tuple[float, bool]:
    chart.boxes.append(
        Box(
            middle - BOX / 2,
            y,
            card.label,
            card.summary,
            card.icon,
            step_id=card.step.id,
            number=card.number,
            here=card.here,
            has_error=card.has_error,
        )
    )
    y += HEIGHT
    return _draw_branches(chart, card.rails, middle, y) if card.rails else (y, not card.ends_here)


def _draw_branches(chart: Chart, rails: tuple[Rail, ...], middle: float, top: float) -> tuple[float, bool]:
    """Side by side below `top`, and together again below the longest of them."""
    left = middle - _total(rails) / 2
    start = lowest = top + FORK
    ends: list[tuple[float, float]] = []
    for rail in rails:
        width = _width(rail)
        axis = left + width / 2
        left += width + ASIDE
        chart.lines.append(_elbow(middle, top, axis, top + FORK / 2, start))
        chart.labels.append(Label(axis, start + GAP / 2 + 2, rail.label, rail.color))
        bottom, goes_on = _draw_rail(chart, rail, axis, start) if rail.cards else (_line_down(chart, axis, start), True)
        lowest = max(lowest, bottom)
        if goes_on:
            ends.append((axis, bottom))
    chart.lines += [_elbow(axis, bottom, middle, lowest + FORK / 2, lowest + FORK) for axis, bottom in ends]
    return (lowest + FORK, True) if ends else (lowest, False)


def _line_down(chart: Chart, x: float, y: float) -> float:
    chart.lines.append(f"M{x:g} {y:g}V{y + GAP:g}")
    return y + GAP


def _elbow(x: float, y: float, to_x: float, turn_y: float, to_y: float) -> str:
    """Down to `turn_y`, across with round corners, and down again."""
    if x == to_x:
        return f"M{x:g} {y:g}V{to_y:g}"
    bend = CURVE if to_x > x else -CURVE
    return (
        f"M{x:g} {y:g}V{turn_y - CURVE:g}Q{x:g} {turn_y:g} {x + bend:g} {turn_y:g}"
        f"H{to_x - bend:g}Q{to_x:g} {turn_y:g} {to_x:g} {turn_y + CURVE:g}V{to_y:g}"
    )


def _width(rail: Rail) -> float:
    return max([BOX, *(_total(card.rails) for card in rail.cards if card.rails)])


def _total(rails: tuple[Rail, ...]) -> float:
    return sum(_width(rail) for rail in rails) + ASIDE * (len(rails) - 1)
