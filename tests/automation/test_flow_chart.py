"""The drawn flow: nothing lies on anything else, nothing leaves the picture, what ends leads nowhere."""

from __future__ import annotations

import itertools

from flask import Flask

from crm.automation import editor
from crm.automation.flow_chart import Chart, draw
from tests.automation.paths import draft

DAY = ("wait_duration", {"duration": 1, "unit": "days"})
EXIT = ("exit_workflow", {})


def chart_of(*steps: tuple) -> Chart:
    version = draft(*steps)
    return draw(editor.outline_of(version.workflow, version))


def test_an_empty_workflow_leads_from_start_to_end(app: Flask) -> None:
    chart = chart_of()
    assert [box.shape for box in chart.boxes] == ["start", "end"]
    assert len(chart.lines) == 1


def test_no_box_lies_on_another_or_outside(app: Flask) -> None:
    inner = ("condition", {}, {"yes": [DAY, EXIT], "no": [DAY]})
    chart = chart_of(DAY, ("wait_for_event", {}, {"happened": [inner, DAY], "timed_out": [inner]}), inner, DAY)
    for one, other in itertools.combinations(chart.boxes, 2):
        beside = one.x + one.width <= other.x or other.x + other.width <= one.x
        below = one.y + one.height <= other.y or other.y + other.height <= one.y
        assert beside or below, (one, other)
    assert all(box.x >= 0 and box.x + box.width <= chart.width for box in chart.boxes)
    assert max(box.y + box.height for box in chart.boxes) <= chart.height


def test_branches_are_labelled_and_drawn_even_when_empty(app: Flask) -> None:
    assert [label.text for label in chart_of(("condition", {})).labels] == ["Yes", "No"]


def test_when_every_way_ends_there_is_no_end(app: Flask) -> None:
    chart = chart_of(("condition", {}, {"yes": [EXIT], "no": [EXIT]}))
    assert "end" not in [box.shape for box in chart.boxes]
