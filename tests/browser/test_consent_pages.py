"""A reader without scripts chooses and leaves; somebody who writes a template sees it as one contact would."""

from __future__ import annotations

from playwright.sync_api import expect

from crm.activity.vocabulary import SYSTEM
from crm.database import commit
from crm.email.addresses import unsubscribe_url
from crm.email.templates import create_template
from crm.preferences.choices import preferences_of
from crm.preferences.queries import in_force
from tests import factories


def test_choosing_and_leaving_without_scripts(app, site, ada, browser):
    carla = factories.contact()
    url = site + unsubscribe_url(carla.id, 0).removeprefix("http://127.0.0.1:8000")
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(url)
    page.get_by_role("link", name="Choose what you get instead").click()
    page.get_by_label("Class reminders").uncheck()
    page.get_by_label("At most once a month").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("This holds from now on.")).to_be_visible()
    page.get_by_role("link", name="Unsubscribe").click()
    page.get_by_role("button", name="Unsubscribe").click()
    page.get_by_label("Too many emails").check()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Thank you for telling us why.")).to_be_visible()
    page.context.close()
    row = preferences_of(carla)
    assert (row.class_reminders, row.frequency) == (False, "monthly")
    assert in_force("carla@example.com").reason == "too_many"


def test_the_previews_follow_what_is_written(app, site, ada, sign_in_browser):
    factories.contact(first_name="Zoë", email="zoe@example.com")
    template = create_template("Welcome", "Hi", "", "Hello", "markdown", SYSTEM)
    commit()
    page = sign_in_browser(ada)
    page.goto(f"{site}/templates/{template.id}")
    page.get_by_label("Text", exact=True).fill("Dear ")
    page.get_by_text("Merge tags: the name").click()
    page.get_by_role("button", name="First name", exact=True).click()
    page.get_by_label("As whom").fill("zoe@example.com")
    for frame in ("Preview: As on a computer", "Preview: As on a phone", "Preview: As plain text"):
        expect(page.frame_locator(f"iframe[title^='{frame}']").get_by_text("Dear Zoë")).to_be_visible()
    expect(page.locator("html.busy")).to_have_count(0)
