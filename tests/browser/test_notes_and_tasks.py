"""Writing to colleagues and moving work along, as people do: with the keyboard, with the mouse, without leaving the page."""

import pytest
from playwright.sync_api import expect

from crm.database import commit, db
from crm.tasks import operations
from crm.tasks.models import Task
from crm.tasks.operations import NewTask
from tests import factories
from tests.browser.dragging import drag


@pytest.fixture
def carla(app):
    return factories.contact()


@pytest.fixture
def page_of_mo(sign_in_browser, mo):
    return sign_in_browser(mo)


def make(contact, *titles, by=None):
    ids = operations.create_tasks([NewTask(contact.id, each, assigned_to=by and by.id, by=by.actor) for each in titles])
    commit()
    return ids


def status_of(task_id):
    db.session.rollback()
    db.session.expire_all()
    status = db.session.get(Task, task_id).status
    db.session.rollback()
    return status


def test_a_note_is_written_with_the_keyboard_and_tells_a_colleague(site, page_of_mo, ada, carla, assert_accessible):
    page = page_of_mo
    page.goto(f"{site}/contacts/{carla.id}")
    expect(page.locator("#composer textarea")).to_be_visible()
    page.keyboard.press("n")
    page.keyboard.type("Please call, @a")
    expect(page.get_by_role("option", name="Ada")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#composer textarea")).to_have_value("Please call, @Ada ")
    page.get_by_role("button", name="Add note").click()
    expect(page.locator("#timeline")).to_contain_text("Please call, @Ada")
    expect(page.locator("#notes")).to_contain_text("Please call, @Ada")
    expect(page.locator("#composer textarea")).to_have_value("")
    expect(page.get_by_role("button", name="Add note")).to_be_focused()
    page.locator("#notes .note .menu summary").click()
    assert_accessible(page)
    page.locator("#notes .note").get_by_role("link", name="Edit").click()
    page.locator("#notes textarea").fill("Please write")
    page.get_by_role("button", name="Save note").click()
    expect(page.locator("#timeline")).to_contain_text("Please write")


def test_a_task_is_added_from_the_composer(site, page_of_mo, carla):
    page = page_of_mo
    page.goto(f"{site}/contacts/{carla.id}")
    page.locator("#composer").get_by_role("link", name="Task").click()
    page.get_by_label("Task", exact=True).fill("Call back")
    page.get_by_role("button", name="Add task").click()
    expect(page.locator("#tasks")).to_contain_text("Call back")
    expect(page.locator("#timeline")).to_contain_text("Task created: Call back")


def test_a_card_is_moved_by_menu_and_by_dragging(site, page_of_mo, mo, carla, assert_accessible):
    first, second = make(carla, "First", "Second", by=mo)
    page = page_of_mo
    page.goto(f"{site}/tasks/board")
    columns = page.locator("[data-board-column]")
    page.locator(f"[data-card='{first}'] summary").press("Enter")
    page.locator(f"[data-card='{first}']").get_by_role("button", name="In progress").press("Enter")
    expect(columns.nth(1)).to_contain_text("First")
    assert status_of(first) == "in_progress"
    expect(page.locator("[data-sortable-ready]")).to_have_count(3)
    drag(page, page.locator(f"[data-card='{second}'] .grip"), columns.nth(2).locator(".cards"))
    expect(columns.nth(2)).to_contain_text("Second")
    expect(columns.nth(2).locator("h2")).to_contain_text("1")
    assert status_of(second) == "completed"
    assert_accessible(page)


def test_several_tasks_are_completed_at_once(site, page_of_mo, mo, carla):
    ids = make(carla, "One", "Two", "Three", by=mo)
    page = page_of_mo
    page.goto(f"{site}/tasks")
    page.get_by_label("Select “One”").check()
    page.get_by_label("Select “Three”").check()
    page.get_by_role("button", name="Complete", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("2 tasks done")
    assert [status_of(each) for each in ids] == ["completed", "pending", "completed"]


def test_a_deleted_task_is_brought_back_from_the_notice(site, page_of_mo, mo, carla):
    (number,) = make(carla, "One", by=mo)
    page = page_of_mo
    page.goto(f"{site}/tasks/{number}")
    page.get_by_label("More").click()
    page.get_by_role("button", name="Delete").click()
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(page).to_have_url(f"{site}/tasks/{number}")


def test_the_timeline_goes_on_by_itself_and_is_searched(site, page_of_mo, mo, carla):
    make(carla, *(f"Task {number:02}" for number in range(70)), by=mo)
    page = page_of_mo
    page.goto(f"{site}/contacts/{carla.id}")
    expect(page.locator("#timeline")).to_contain_text("Task 69")
    for number in (20, 0):
        page.locator("#timeline-older").scroll_into_view_if_needed()
        expect(page.locator("#timeline")).to_contain_text(f"Task {number:02}")
    expect(page.locator("#timeline")).to_contain_text("Task 00")
    page.locator("#timeline-text").fill("Task 33")
    page.keyboard.press("Enter")
    expect(page.locator("#timeline li.timeline-item")).to_have_count(1)
