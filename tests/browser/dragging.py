"""Dragging with the mouse, as a person does: on until the list makes room."""

from __future__ import annotations

from playwright.sync_api import Locator, Page


def drag(page: Page, grip: Locator, goal: Locator) -> None:
    """Drag by the grip until the list lies open at the goal, which moves while things make way. A busy machine takes its time."""
    grip.hover()
    page.mouse.down()
    for nudge in range(100):
        box = goal.bounding_box()
        page.mouse.move(box["x"] + 40 + nudge % 12, box["y"] + 6, steps=4)
        page.wait_for_timeout(60)
        if goal.locator(".sortable-ghost").count():
            break
    page.mouse.up()
