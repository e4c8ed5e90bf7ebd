"""The builder of conditions in a real browser: with a script, with the keyboard, and without a script."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from flask import Blueprint, Flask, render_template_string
from flask_wtf import FlaskForm
from playwright.sync_api import Browser, Page, expect

from crm.conditions.forms import ConditionField
from crm.users.access import signed_in
from crm.users.models import User
from tests.factories import contact, tag

PAGE = """{% extends "base.html" %}{% block content %}{% call ui.page_header("Who is meant") %}{% endcall %}
<form method="post" class="stack">{{ ui.csrf() }}{{ ui.form_errors(form) }}{{ ui.field(form.who) }}
{{ ui.button("Save", kind="primary", id="save") }}</form><pre id="saved">{{ saved }}</pre>{% endblock %}"""
bp = Blueprint("tryout", __name__)
pytestmark = pytest.mark.own_app


class WhoForm(FlaskForm):
    who = ConditionField("Who", needs_clause=True)


@bp.route("/tryout", methods=["GET", "POST"])
@signed_in
def tryout() -> tuple[str, int]:
    form = WhoForm()
    is_good = form.validate_on_submit()
    saved = json.dumps(form.who.data) if is_good else ""
    return render_template_string(PAGE, form=form, saved=saved), 422 if form.is_submitted() and not is_good else 200


@pytest.fixture
def school(app: Flask, ada: User) -> User:
    app.register_blueprint(bp)
    tag("Interested")
    contact(email="a@example.com", city="Paris")
    contact(email="b@example.com", city="Lyon")
    return ada


@pytest.fixture
def page_of_ada(school: User, site: str, sign_in_browser: Callable[[User], Page]) -> Page:
    page = sign_in_browser(school)
    page.goto(f"{site}/tryout")
    return page


def saved(page: Page) -> dict:
    page.locator("#save").click()
    expect(page.locator("#saved")).not_to_be_empty()
    return json.loads(page.locator("#saved").inner_text())


def test_a_condition_is_built_and_counted(page_of_ada: Page, assert_accessible: Callable[[Page], None]) -> None:
    page, count = page_of_ada, page_of_ada.locator("#who-count")
    expect(count).to_contain_text("Every contact")
    page.get_by_role("button", name="Add condition").click()
    expect(page.locator("#who-0-field")).to_be_focused()
    expect(count).to_contain_text("Complete the conditions")
    page.locator("#who-0-field").select_option("city")
    page.locator("#who-0-value").fill("paris")
    expect(count).to_have_text("1 of 2 contacts match")
    page.locator("#who-0-operator").select_option("not_equals")
    expect(page.locator("#who-0-value")).to_have_value("paris")
    page.get_by_role("button", name="Add group").click()
    expect(page.locator("#who-1-0-field")).to_be_focused()
    page.locator("#who-1-0-field").select_option("last_email_opened")
    page.locator("#who-1-0-operator").select_option("is_not_set")
    expect(count).to_have_text("1 of 2 contacts match")
    assert_accessible(page)
    assert saved(page)["conditions"] == [
        {"field": "city", "operator": "not_equals", "value": "paris"},
        {"match": "any", "conditions": [{"field": "last_email_opened", "operator": "is_not_set"}]},
    ]


def test_removing_gives_the_focus_to_adding(page_of_ada: Page) -> None:
    page = page_of_ada
    page.get_by_role("button", name="Add group").click()
    page.get_by_role("button", name="Remove this condition").click()
    expect(page.locator("#who-0-group")).to_have_count(0)
    expect(page.locator("#who-add")).to_be_focused()


def test_a_value_is_chosen_to_fit_the_field(page_of_ada: Page) -> None:
    page = page_of_ada
    page.get_by_role("button", name="Add condition").click()
    page.locator("#who-0-field").select_option("birthday")
    page.locator("#who-0-operator").select_option("between")
    page.locator("#who-0-value-period").select_option("next")
    page.locator("#who-0-value-count").fill("7")
    expect(page.locator("#who-count")).to_have_text("0 of 2 contacts match")
    assert saved(page)["conditions"][0]["value"] == {"next": 7, "unit": "days"}


def test_enter_sends_the_form_and_removes_nothing(page_of_ada: Page) -> None:
    page = page_of_ada
    page.get_by_role("button", name="Add condition").click()
    page.locator("#who-0-field").select_option("city")
    page.locator("#who-0-value").fill("Lyon")
    page.locator("#who-0-value").press("Enter")
    expect(page.locator("#saved")).to_contain_text("Lyon")


def test_what_is_missing_is_said_at_the_clause(page_of_ada: Page, assert_accessible: Callable[[Page], None]) -> None:
    page = page_of_ada
    page.get_by_role("button", name="Add condition").click()
    page.locator("#who-0-field").select_option("tags")
    expect(page.locator("#who-0-value")).to_be_visible()
    page.locator("#save").click()
    expect(page.locator("#who-0-error")).to_have_text("Choose one from the list.")
    assert_accessible(page)


def test_it_works_without_a_script(
    school: User, site: str, sign_in_browser: Callable[[User], Page], browser: Browser
) -> None:
    cookies = sign_in_browser(school).context.cookies()
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies(cookies)
    page = context.new_page()
    page.goto(f"{site}/tryout")
    page.get_by_role("button", name="Add condition").click()
    page.locator("#who-0-field").select_option("city")
    page.get_by_role("button", name="Update fields").click()
    page.locator("#who-0-value").fill("Paris")
    page.locator("#save").click()
    assert json.loads(page.locator("#saved").inner_text())["conditions"][0]["value"] == "Paris"
    context.close()
