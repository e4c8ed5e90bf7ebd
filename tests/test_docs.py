"""The documentation names what there is."""

import re
from pathlib import Path

import click
import pytest

from crm.cli import cli
from crm.config import SETTINGS

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def commands(group: click.Group, name: str = "cohort") -> list[str]:
    """Every command there is, as it is typed."""
    found = []
    for each in group.commands.values():
        path = f"{name} {each.name}"
        found += commands(each, path) if isinstance(each, click.Group) else [path]
    return found


@pytest.mark.parametrize("setting", [each.name for each in SETTINGS])
def test_every_setting_is_explained(setting):
    assert f"`{setting}`" in (ROOT / "docs" / "running.md").read_text()


@pytest.mark.parametrize("command", commands(cli))
def test_every_command_is_in_the_readme(command):
    assert f"`{command}" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("sheet", PAGES, ids=lambda sheet: sheet.name)
def test_what_a_page_points_at_exists(sheet):
    text = sheet.read_text()
    links = [each for each in re.findall(r"\]\(([^)#]+)\)", text) if not each.startswith("http")]
    paths = [
        each for each in re.findall(r"`((?:crm|tests|templates|static|bench|docs)/[\w./]+)`", text) if "<" not in each
    ]
    missing = [each for each in links if not (sheet.parent / each).exists()] + [
        each for each in paths if not (ROOT / each).exists()
    ]
    assert missing == []
