"""Find a Chromium for the browser tests, or install one; print its path.

Order: CRM_CHROMIUM, an installed Chromium or Chrome, Playwright's own download, Debian's package (as root).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HELP = """No Chromium for the browser tests. Install Chromium or Chrome, or set CRM_CHROMIUM to its path."""


def find() -> str | None:
    """The path of a browser that is there now."""
    if chosen := os.environ.get("CRM_CHROMIUM"):
        return chosen if Path(chosen).exists() else None
    return next((path for name in NAMES if (path := shutil.which(name))), None) or _of_playwright()


def _of_playwright() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def install() -> None:
    """Try what may bring a browser, quietly; `find` tells whether it did."""
    _try([sys.executable, "-m", "playwright", "install", "chromium"])
    if find() is None and hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        _try(["apt-get", "update"])
        _try(["apt-get", "install", "-y", "--no-install-recommends", "chromium"])


def _try(command: list[str]) -> None:
    try:
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=600, check=False)
    except subprocess.TimeoutExpired:
        return


if __name__ == "__main__":
    if find() is None:
        install()
    browser = find()
    sys.stdout.write(f"{browser or HELP}\n")
    sys.exit(0 if browser else 1)
