"""The parts of every screen in a real browser: reachable by keyboard, readable in both themes, on a desk and on a phone."""

import pytest
from playwright.sync_api import expect

DESK = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def style_page(sign_in_browser, ada, site):
    """Ada looks at the page of every part."""
    page = sign_in_browser(ada)
    page.goto(f"{site}/style")
    return page


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_every_part_is_accessible(style_page, assert_accessible_in_both_themes, size):
    style_page.set_viewport_size(size)
    style_page.reload()
    style_page.wait_for_selector(".ts-control")
    assert_accessible_in_both_themes(style_page)


def test_nothing_is_wider_than_a_phone(style_page):
    style_page.set_viewport_size(PHONE)
    assert style_page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_the_content_policy_is_never_broken(sign_in_browser, ada, site):
    page = sign_in_browser(ada)
    told = []
    page.on("console", lambda message: told.append(message.text) if message.type == "error" else None)
    page.goto(f"{site}/style")
    page.wait_for_selector(".ts-control")
    assert told == []


def test_the_focus_goes_to_what_is_wrong_in_a_form(style_page):
    assert "Please check these 2 things" in style_page.locator(":focus").inner_text()


def test_a_menu_opens_closes_and_gives_the_focus_back(style_page):
    menu = style_page.locator("details.me")
    menu.locator("summary").press("Enter")
    assert menu.get_attribute("open") is not None
    style_page.keyboard.press("ArrowDown")
    style_page.keyboard.press("Escape")
    assert menu.get_attribute("open") is None
    assert menu.locator("summary:focus").count() == 1


def test_a_dialog_gives_the_focus_back(style_page):
    opener = style_page.locator("[data-dialog=style-dialog]")
    opener.click()
    style_page.keyboard.press("Escape")
    assert not style_page.locator("#style-dialog").is_visible()
    assert style_page.locator("[data-dialog=style-dialog]:focus").count() == 1


def test_rows_are_chosen_as_a_range(style_page):
    boxes = style_page.locator("[data-select-row]")
    boxes.first.click()
    boxes.last.click(modifiers=["Shift"])
    assert style_page.locator("[data-selection-count]").inner_text() == "3"
    style_page.locator("[data-select-none]").click()
    assert style_page.locator("[data-selection-bar]").is_hidden()


def test_shortcuts_are_listed_and_silent_while_typing(style_page):
    style_page.locator("#notes").press("?")
    assert style_page.locator("#shortcuts").is_hidden()
    style_page.locator("h1").click()
    style_page.keyboard.press("?")
    expect(style_page.locator("#shortcuts")).to_contain_text("Fold the navigation")


def test_the_theme_changes_at_once_and_stays(style_page):
    style_page.locator("details.me summary").click()
    with style_page.expect_response("**/account/theme"):
        style_page.locator("button[value=dark]").click()
    style_page.reload()
    assert style_page.locator("html").get_attribute("data-theme") == "dark"


def test_the_navigation_stays_folded(style_page):
    style_page.locator("[data-nav-toggle]").click()
    style_page.reload()
    assert style_page.locator("html").get_attribute("data-nav") == "narrow"


def test_a_shortcut_is_silent_while_a_panel_is_on_its_way(sign_in_browser, ada, site):
    page, held = sign_in_browser(ada), []
    page.goto(f"{site}/tags")
    page.route("**/tags/new", lambda route: held.append(route))
    with page.expect_request("**/tags/new"):
        page.get_by_role("link", name="New tag").first.click()
    page.keyboard.press("/")
    assert not page.locator("#finder").is_visible()
    held[0].continue_()
    page.locator("dialog[open] #panel").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    assert page.locator("#finder").is_visible()
