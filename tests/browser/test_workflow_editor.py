"""The workflow editor in a real browser: panels, search, dragging, keys, live numbers, on a desk and on a phone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from crm.automation import queries
from crm.automation.models import Version
from crm.automation.operations import enroll
from crm.database import commit, db
from tests.automation.paths import draft, run, running
from tests.browser.dragging import drag
from tests.factories import contact, tag

DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
DAY = ("wait_duration", {"duration": 1, "unit": "days"})
SPLIT = {"match": "all", "conditions": [{"field": "city", "operator": "equals", "value": "Paris"}]}


@pytest.fixture
def editor(sign_in_browser: Callable[..., Page], ada: Any, site: str) -> Callable[[int], Page]:
    """Opens a workflow in the editor, as Ada."""

    def open_(workflow_id: int) -> Page:
        page = sign_in_browser(ada)
        page.set_default_timeout(10_000)
        page.goto(f"{site}/workflows/{workflow_id}")
        return page

    return open_


def kinds(version: Version) -> list[Any]:
    """What the draft's steps are, branches as nested lists."""
    db.session.rollback()
    db.session.expire_all()
    return [_kind(each) for each in queries.step_places(version)]


def _kind(place: queries.Place) -> Any:
    below = [[_kind(child) for child in branch.places] for branch in place.branches]
    return [place.step.step_type, *below] if below else place.step.step_type


def test_a_workflow_is_built_in_panels_and_activated(editor: Callable[[int], Page]) -> None:
    tag("Interested")
    page = editor(draft(trigger=None).workflow_id)
    page.click(".trigger-card h3 a")
    page.locator("dialog[open]").get_by_text("A tag is added").click()
    page.locator("dialog[open] [name=tag_id]").select_option(label="Interested")
    page.get_by_role("button", name="Use this trigger").click()
    expect(page.locator(".trigger-card")).to_contain_text("The tag “Interested” is added")
    page.click("main .insert")
    expect(page.locator("dialog[open] [data-palette-search]")).to_be_focused()
    page.keyboard.type("write")
    page.keyboard.press("Enter")
    page.fill("dialog[open] [name=subject]", "Hello")
    page.get_by_role("button", name="Add the step").click()
    expect(page.locator("dialog[open] .error").first).to_contain_text("Choose a template")
    page.fill("dialog[open] [name=content]", "Welcome to the school")
    page.get_by_role("button", name="Add the step").click()
    expect(page.locator(".flow-step")).to_have_count(1)
    expect(page.locator(".flow-card:focus")).to_contain_text("Send the email “Hello”")
    page.get_by_role("link", name="Activate…").click()
    page.get_by_role("button", name="Activate", exact=True).click()
    expect(page.locator("#workflow-facts")).to_contain_text("Active")


def test_a_step_is_dragged_into_a_branch(editor: Callable[[int], Page]) -> None:
    version = draft(("condition", SPLIT), DAY)
    page = editor(version.workflow_id)
    page.wait_for_selector("[data-sortable-ready]")
    grip = page.locator(".editor-steps > .flow-steps > .flow-step").nth(1).locator(".grip")
    with page.expect_response(lambda reply: reply.request.method == "POST"):
        drag(page, grip, page.locator(".branch .flow-steps").first)
    expect(page.locator(".branch .flow-card")).to_have_count(1)
    assert kinds(version) == [["condition", ["wait_duration"], []]]


def test_a_step_is_dragged_from_the_palette(editor: Callable[[int], Page]) -> None:
    version = draft(DAY)
    page = editor(version.workflow_id)
    page.wait_for_selector(".palette [data-sortable-ready]")
    drag(page, page.locator(".editor-palette [data-kind=exit_workflow] a"), page.locator(".editor-steps .flow-steps"))
    page.get_by_role("button", name="Add the step").click()
    expect(page.locator(".flow-step")).to_have_count(2)
    assert sorted(kinds(version)) == ["exit_workflow", "wait_duration"]


def test_a_step_is_moved_with_the_keyboard_and_keeps_the_focus(editor: Callable[[int], Page]) -> None:
    version = draft(("exit_workflow", {}), DAY)
    page = editor(version.workflow_id)
    page.get_by_role("button", name="Move step 2 up").press("Enter")
    expect(page.locator(".flow-step").first).to_contain_text("Wait 1 day")
    assert kinds(version) == ["wait_duration", "exit_workflow"]


def test_two_people_at_once_are_told(editor: Callable[[int], Page]) -> None:
    version = draft(DAY)
    page = editor(version.workflow_id)
    page.click(".flow-step h3 a")
    page.wait_for_selector("dialog[open] [name=duration]")
    version.revision += 1
    commit()
    page.fill("dialog[open] [name=duration]", "5")
    page.get_by_role("button", name="Save the step").click()
    expect(page.locator("dialog[open] .notice")).to_contain_text("Somebody else changed this workflow")
    page.get_by_role("button", name="Save the step").click()
    expect(page.locator(".flow-step")).to_contain_text("Wait 5 days")


def test_the_numbers_keep_up(editor: Callable[[int], Page]) -> None:
    workflow = running(DAY)
    page = editor(workflow.id)
    enroll(workflow, [contact().id])
    commit()
    run()
    page.evaluate("htmx.trigger('#preview', 'poll')")
    expect(page.locator(".flow-count")).to_have_text("1")
    expect(page.locator(".flow-here")).to_have_text("1")
    expect(page.locator("#workflow-facts")).to_contain_text("1 on the way")


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_the_editor_is_accessible(
    editor: Callable[[int], Page], assert_accessible_in_both_themes: Callable[[Page], None], size: Any
) -> None:
    version = draft(("condition", SPLIT, {"yes": [("send_email", {})], "no": [DAY]}), DAY)
    page = editor(version.workflow_id)
    page.set_viewport_size(size)
    page.reload()
    assert_accessible_in_both_themes(page)
    assert page.evaluate("document.documentElement.scrollWidth") == size["width"]
    page.locator(".insert").first.click()
    page.wait_for_selector("dialog[open] .palette")
    assert_accessible_in_both_themes(page)


def test_the_lists_and_panels_are_accessible(
    editor: Callable[[int], Page], assert_accessible: Callable[[Page], None], site: str
) -> None:
    workflow = running(DAY)
    enroll(workflow, [contact().id])
    commit()
    run()
    page = editor(workflow.id)
    base = f"/workflows/{workflow.id}"
    for path in ("/workflows", f"{base}/enrollments", f"{base}/enrollments/1", f"{base}/enrollments/new?q=carla"):
        page.goto(site + path)
        assert_accessible(page)


def test_it_works_without_javascript(browser: Any, site: str, app: Any, ada: Any, sign_in_browser: Any) -> None:
    version = draft(DAY)
    signed_in = sign_in_browser(ada)
    context = browser.new_context(java_script_enabled=False, storage_state=signed_in.context.storage_state())
    page = context.new_page()
    page.goto(f"{site}/workflows/{version.workflow_id}")
    page.locator("main .insert").last.click()
    page.get_by_text("Exit").last.click()
    page.fill("[name=reason]", "Done")
    page.get_by_role("button", name="Add the step").click()
    expect(page.locator(".flow-step")).to_have_count(2)
    page.get_by_role("button", name="Move step 2 up").click()
    assert kinds(version) == ["exit_workflow", "wait_duration"]
    context.close()
