"""Every daily screen with a school's data on it: axe is content in both themes, and nothing is wider than a phone."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from crm.automation.models import Enrollment
from crm.contacts.models import Contact
from crm.database import commit, db
from crm.demo.school import load_school
from crm.email.models import EmailMessage
from tests.imports.files import received

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 860}
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
SCREENS = {
    "people": (
        *("/", "/contacts", "/contacts/{contact}", "/contacts/new", "/notes/new", "/tags", "/tags/rules", "/tasks"),
        *("/tasks/board", "/notifications", "/roles", "/teams", "/people", "/people/new", "/ownership"),
    ),
    "email": (
        *("/templates", "/templates/1", "/templates/1/versions", "/messages", "/messages/{message}", "/sending"),
        *("/sending/reports", "/suppressions", "/consent", "/contacts/{contact}/preferences/change"),
        "/contacts/{contact}/preferences/history",
    ),
    "broadcasts": (
        *("/broadcasts", "/broadcasts/new", "/broadcasts/4/audience", "/broadcasts/4/content", "/broadcasts/4/check"),
        *("/broadcasts/4/send", "/broadcasts/2/results", "/broadcasts/2/recipients"),
        *("/workflows", "/workflows/1", "/workflows/1/enrollments", "/workflows/1/enrollments/{journey}"),
    ),
    "settings": (
        *("/account", "/settings", "/settings/locale", "/settings/retention", "/settings/backups", "/settings/health"),
        *(
            "/settings/hold",
            "/settings/audit",
            "/imports",
            "/imports/new",
            "/imports/{upload}/mapping",
            "/no-such-place",
        ),
    ),
}


@pytest.fixture
def ids(app, ada):
    """A small school, and the ids of one of everything; somebody in it has a name longer than any screen."""
    load_school(6)
    contact = db.session.scalars(sa.select(Contact).order_by(Contact.id)).first()
    contact.first_name, contact.city, contact.email = LONG[:90], LONG[:90], f"{LONG[:60].lower()}@example.com"
    upload = received("Name,Email\nCarla Diaz,carla@example.com\n", ada)
    commit()
    newest = {"message": EmailMessage, "journey": Enrollment}
    found = {key: db.session.scalar(sa.select(sa.func.max(model.id))) for key, model in newest.items()}
    return {**found, "contact": contact.id, "upload": upload.id}


@pytest.mark.parametrize("paths", SCREENS.values(), ids=SCREENS)
def test_daily_screens_are_accessible_and_fit(
    site, sign_in_browser, ada, ids, assert_accessible, assert_accessible_in_both_themes, paths
):
    """A screen is opened as the one before was left, in turn on a desk in the light and on a phone in the dark: less is drawn anew."""
    page = sign_in_browser(ada)

    def see_on_desk(theme):
        page.set_viewport_size(DESK)
        assert_accessible_in_both_themes(page, then_within="main", first=theme)  # the frame around it: see test_look

    def see_on_phone():
        page.set_viewport_size(PHONE)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
        assert_accessible(page, only=["scrollable-region-focusable"])

    for number, path in enumerate(paths):
        page.goto(site + path.format(**ids))
        expect(page.locator("main .skeleton")).to_have_count(0)
        if number % 2:
            see_on_phone()
            see_on_desk("dark")
        else:
            see_on_desk("light")
            see_on_phone()
