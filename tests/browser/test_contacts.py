"""Working with contacts as people do: in the list, on the profile, without leaving the page."""

import pytest
from playwright.sync_api import expect

from crm.contacts.models import Contact
from crm.database import db
from crm.tags.operations import tag_contacts
from tests import factories


@pytest.fixture
def carla(app):
    return factories.contact(city="Lima")


@pytest.fixture
def page_of_mo(sign_in_browser, mo):
    return sign_in_browser(mo)


def fresh(contact):
    db.session.rollback()
    db.session.expire_all()
    return db.session.get(Contact, contact.id)


def test_a_field_is_edited_in_place_and_the_timeline_follows(site, page_of_mo, carla, assert_accessible):
    page = page_of_mo
    page.goto(f"{site}/contacts/{carla.id}")
    expect(page.locator("#timeline")).to_contain_text("Nothing has happened yet")
    page.locator("#field-city a").click()
    page.locator("#field-city input[name=city]").fill("Quito")
    page.keyboard.press("Enter")
    expect(page.locator("#timeline")).to_contain_text("Lima → Quito")
    expect(page.locator("#field-city")).to_contain_text("Quito")
    assert_accessible(page)


def test_escape_leaves_a_field_as_it_was(site, page_of_mo, carla):
    page = page_of_mo
    page.goto(f"{site}/contacts/{carla.id}")
    page.locator("#field-city a").click()
    page.locator("#field-city input[name=city]").fill("Quito")
    page.keyboard.press("Escape")
    expect(page.locator("#field-city a")).to_contain_text("Lima")
    assert fresh(carla).city == "Lima"


def test_a_bad_address_is_told_beside_the_field(site, page_of_mo, carla):
    page = page_of_mo
    page.goto(f"{site}/contacts/{carla.id}")
    page.locator("#field-email a").click()
    page.locator("#field-email input[name=email]").fill("carla@nowhere")
    page.keyboard.press("Enter")
    expect(page.locator("#field-email .error")).to_contain_text("This is no email address.")
    expect(page.locator("#field-email input[name=email]")).to_be_focused()


def test_a_new_name_stands_in_the_header_at_once(site, page_of_mo, carla):
    page = page_of_mo
    page.goto(f"{site}/contacts/{carla.id}")
    page.locator("#field-first_name a").click()
    page.locator("#field-first_name input[name=first_name]").fill("Clara")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Clara Diaz")


def test_a_tag_is_made_and_taken_off_on_the_profile(site, page_of_mo, carla):
    page = page_of_mo
    page.goto(f"{site}/contacts/{carla.id}")
    page.get_by_label("Add a tag").fill("Evening class")
    page.keyboard.press("Enter")
    expect(page.locator("#contact-tags .tag")).to_have_text("Evening class")
    expect(page.locator("#timeline")).to_contain_text("Tag added: Evening class")
    page.get_by_role("button", name="Remove tag Evening class").click()
    expect(page.locator("#contact-tags")).to_contain_text("No tags yet")


def test_older_entries_are_loaded_below(site, page_of_mo, carla, mo):
    for number in range(30):
        tag_contacts(factories.tag(f"T{number}"), [carla.id], mo.actor)
    db.session.commit()
    page = page_of_mo
    page.goto(f"{site}/contacts/{carla.id}")
    expect(page.locator(".timeline-item")).to_have_count(25)
    page.get_by_role("link", name="Show older").scroll_into_view_if_needed()
    expect(page.locator(".timeline-item")).to_have_count(30)


def test_the_chosen_are_tagged_and_it_is_undone(site, page_of_mo, carla, assert_accessible):
    factories.contact(first_name="Otto", email="otto@example.com")
    page = page_of_mo
    page.goto(f"{site}/contacts")
    expect(page.locator("#contact-count")).to_have_text("2 contacts")
    page.get_by_label("Select all on this page").check()
    page.locator("#bulk-tag").fill("Hot")
    assert_accessible(page)
    page.get_by_role("button", name="Add tag").click()
    expect(page.locator(".rows .tag")).to_have_count(2)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".rows .tag")).to_have_count(0)


def test_a_filter_is_chosen_and_dropped(site, page_of_mo, carla):
    factories.contact(first_name="Otto", email="otto@example.com", lifecycle_stage="lost")
    page = page_of_mo
    page.goto(f"{site}/contacts")
    page.locator("summary", has_text="Stage").click()
    page.get_by_label("Lost").check()
    page.get_by_role("button", name="Apply").locator("visible=true").click()
    expect(page.locator(".rows tbody tr")).to_have_count(1)
    page.get_by_label("Remove filter Stage Lost").click()
    expect(page.locator(".rows tbody tr")).to_have_count(2)


def test_a_tag_is_deleted_from_a_panel(site, page_of_mo, carla, mo, assert_accessible):
    tag_contacts(factories.tag("Hot"), [carla.id], mo.actor)
    db.session.commit()
    page = page_of_mo
    page.goto(f"{site}/tags")
    page.get_by_role("row", name="Hot").hover()
    page.get_by_label("Actions for Hot").click()
    page.get_by_role("link", name="Delete").click()
    expect(page.locator("dialog[open]")).to_contain_text("1 contact has it")
    assert_accessible(page)
    page.get_by_role("button", name="Delete tag").click()
    expect(page.get_by_text("No tags yet")).to_be_visible()
