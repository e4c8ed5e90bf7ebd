"""The search palette: from any page, by keyboard alone."""

from playwright.sync_api import expect

from tests import factories


def test_a_contact_is_reached_by_keyboard_alone(sign_in_browser, site, ada, assert_accessible):
    carla = factories.contact()
    factories.contact(first_name="Carl", email="carl@example.com")
    page = sign_in_browser(ada)
    page.goto(f"{site}/tags")
    page.keyboard.press("/")
    box = page.get_by_role("combobox", name="Search")
    expect(box).to_be_focused()
    expect(page.get_by_role("option", name="Add contact")).to_be_visible()
    page.keyboard.type("car")
    expect(page.get_by_role("option", selected=True)).to_contain_text("Carl Diaz")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option", selected=True)).to_contain_text("Carla Diaz")
    assert box.get_attribute("aria-activedescendant") == page.get_by_role("option", selected=True).get_attribute("id")
    assert_accessible(page)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/contacts/{carla.id}")


def test_enter_waits_for_what_was_typed(sign_in_browser, site, ada):
    carla = factories.contact()
    page = sign_in_browser(ada)
    page.goto(f"{site}/tags")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("option", name="Add contact")).to_be_visible()
    page.keyboard.type("crala")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/contacts/{carla.id}")


def test_a_key_pressed_at_once_is_not_lost(sign_in_browser, site, ada):
    page = sign_in_browser(ada)
    page.add_init_script(
        "const later = setTimeout; window.setTimeout = (act, pause, ...rest) => later(act, pause ?? 3000, ...rest)"
    )
    page.goto(f"{site}/tags")
    page.keyboard.press("/")
    expect(page.get_by_role("option", name="Add contact")).to_be_visible()


def test_escape_leads_back(sign_in_browser, site, ada):
    page = sign_in_browser(ada)
    page.goto(f"{site}/tags", wait_until="networkidle")
    page.keyboard.press("/")
    expect(page.get_by_role("option", name="Add contact")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("combobox", name="Search")).to_be_hidden()
    page.keyboard.press("/")
    expect(page.get_by_role("option", name="Add contact")).to_be_visible()
    page.keyboard.type("people")
    expect(page.get_by_role("option", selected=True)).to_contain_text("People")
    page.keyboard.press("Enter")
    page.wait_for_url("**/people")


def test_it_works_without_scripts(sign_in_browser, site, ada, browser):
    factories.contact()
    cookies = sign_in_browser(ada).context.cookies()
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies(cookies)
    page = context.new_page()
    page.goto(f"{site}/tags")
    page.get_by_role("link", name="Search").click()
    page.get_by_role("searchbox", name="Search").fill("dia")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Carla Diaz").click()
    expect(page.get_by_role("heading", name="Carla Diaz")).to_be_visible()
    context.close()
