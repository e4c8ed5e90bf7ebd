"""Where one is: the line of the navigation that is lit, and the pages that stand side by side behind it."""

from __future__ import annotations

import re

from flask.testing import FlaskClient

PLACES = {
    "/": "Home", "/contacts": "Contacts", "/imports": "Contacts", "/duplicates": "Contacts", "/tasks": "Tasks", "/roles": "People", "/teams": "People",
    "/people": "People", "/sending/domain": "Settings", "/sending/reports": "Settings", "/consent": "Settings",
    "/settings/backups": "Settings", "/suppressions": "Messages", "/tags/rules": "Tags",
}  # fmt: skip


def test_one_place_is_lit(as_ada: FlaskClient) -> None:
    for path, label in PLACES.items():
        side = as_ada.get(path).text.partition("</nav>")[0]
        assert re.findall(r'aria-current="page">.*?<span>(.*?)</span>', side) == [label], path


def test_pages_stand_side_by_side(as_ada: FlaskClient) -> None:
    page = as_ada.get("/sending/domain").text
    tabs = page.partition('class="tabs"')[2].partition("</nav>")[0]
    assert re.findall(r">([^<]+)</a>", tabs) == [
        *("School", "Locale", "Email sending", "Consent", "Retention", "Backups", "Health", "Audit log"),
    ]
    assert re.findall(r'aria-current="page">([^<]+)</a>', tabs) == ["Email sending"]


def test_a_page_behind_another_is_found_by_its_name(as_ada: FlaskClient) -> None:
    for name in ("Roles", "Teams", "Suppression list", "Consent", "Email sending", "Audit log", "Backups"):
        assert f"<span>{name}</span>" in as_ada.get("/search/results", query_string={"q": name}).text, name


def test_tabs_are_for_those_who_may_go_there(sign_in, agnes) -> None:
    assert "Roles" not in sign_in(agnes).get("/people").text
