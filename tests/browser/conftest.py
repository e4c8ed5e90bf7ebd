"""A real Chromium, and two kinds of product for it: this test's app in a thread, or the real processes."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page
from werkzeug.serving import WSGIRequestHandler, make_server

from crm.database import db
from crm.users.models import User
from crm.users.operations import open_session
from tests.browser.find_chromium import HELP, find

COLOURS = ("color-contrast", "link-in-text-block")
"""The rules of axe that a theme can break; all others are asked once."""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    chromium = find()
    assert chromium, HELP
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {**browser_type_launch_args, "executable_path": chromium, "args": quiet + root}


class Impatient(WSGIRequestHandler):
    """The browser connects before it knows what to ask for, and may never ask: that is not waited for at the end of a test."""

    timeout = 1


@pytest.fixture
def site(app: Flask) -> Iterator[str]:
    """The address of this test's app, served by threads of this process."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Impatient)
    server.daemon_threads = False  # so that closing waits for the requests under way
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def profile(browser: Browser, browser_context_args: dict[str, Any]) -> Iterator[BrowserContext]:
    """What the tests of this process share of the browser; an empty page keeps it warm, for starting it costs as much as most tests."""
    profile = browser.new_context(**browser_context_args)
    profile.new_page()
    yield profile
    profile.close()


@pytest.fixture
def context(profile: BrowserContext) -> Iterator[BrowserContext]:
    """The profile, with nothing left of the test before: its pages closed, no cookies. Each site has another address, and so its own storage."""
    yield profile
    for page in profile.pages[1:]:
        page.close()
    profile.clear_cookies()


@pytest.fixture
def sign_in_browser(app: Flask, site: str, page: Page) -> Callable[[User], Page]:
    """The browser's page with this user signed in, relative addresses meaning the site's."""

    def enter(user: User) -> Page:
        token = open_session(user)
        db.session.commit()
        serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
        value = serializer.dumps({"_user_id": token, "_fresh": True})
        page.context.add_cookies([{"name": "session", "value": value, "url": site}])
        return page

    return enter


@pytest.fixture
def assert_accessible() -> Callable[..., None]:
    """Fails with axe's words when the page breaks a rule of WCAG 2.2 AA; `only` names rules to ask for alone, `within` a part of the page."""

    def check(page: Page, only: Sequence[str] = (), within: str | None = None) -> None:
        axe = Axe("") if page.evaluate("'axe' in window") else Axe()
        options = {"resultTypes": ["violations"], **({"runOnly": list(only)} if only else {})}
        found = axe.run(page, within, options)
        assert found.violations_count == 0, found.generate_report()

    return check


@pytest.fixture
def assert_accessible_in_both_themes(assert_accessible: Callable[..., None]) -> Callable[..., None]:
    """Every rule in the first theme, then those that a theme can break in the other, there perhaps only within a part of the page."""

    def check(page: Page, then_within: str | None = None, first: str = "light") -> None:
        page.emulate_media(color_scheme=first, reduced_motion="reduce")
        assert_accessible(page)
        page.emulate_media(color_scheme="light" if first == "dark" else "dark", reduced_motion="reduce")
        assert_accessible(page, COLOURS, then_within)

    return check


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    """A folder for a school that the real processes will run."""
    return tmp_path / "school"
