"""Every template keeps the rules that make the pages safe, small and alike."""

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
PAGES = [path for path in TEMPLATES if "mail" not in path.relative_to(ROOT / "templates").parts]
PIECES = [path for path in PAGES if path.name.startswith("_")]
ICONS = set(re.findall(r'<symbol id="([^"]+)"', (ROOT / "static/img/icons.svg").read_text()))

FORBIDDEN = {
    "an inline style": r"<style|\sstyle\s*=",
    "an inline script": r"<script(?![^>]*\ssrc=)",
    "an inline handler": r"\s(on[a-z]+|hx-on[:\w-]*)\s*=",
    "an address that runs": r"(?i)javascript:|js:",
    "a trigger that needs eval": r"hx-trigger=\"[^\"{]*\[",
    "text that is not escaped": r"\|\s*safe\b|autoescape\s+false",
    "a file from elsewhere": r"(?:src|<link[^>]*href)=\"(?:https?:)?//",
}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT / "templates"))


@cache
def words(path: Path) -> str:
    """The template without its comments."""
    return re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)


def broken(paths: list[Path], rule: Callable[[str], object]) -> dict[str, object]:
    """What the rule finds in the words of each of these templates, where it finds anything."""
    found = {name(path): rule(words(path)) for path in paths}
    return {path: wrong for path, wrong in found.items() if wrong}


@pytest.mark.parametrize("rule", FORBIDDEN)
def test_they_hold_nothing_the_content_policy_forbids(rule):
    assert broken(PAGES, re.compile(FORBIDDEN[rule]).findall) == {}


def test_a_piece_begins_with_the_variables_it_needs():
    assert {name(path) for path in PIECES if not re.match(r"\{#-? variables: ", path.read_text())} == set()


def test_a_form_that_posts_carries_the_token():
    def without(text: str) -> list[str]:
        forms = re.findall(r"<form\b.*?</form>", text, flags=re.DOTALL)
        posting = [form for form in forms if re.search(r'method="post"', form)]
        return [form[:120] for form in posting if not re.search(r"csrf|hidden_tag|inline_form", form)]

    assert broken(PAGES, without) == {}


def test_their_icons_are_in_the_sprite():
    def missing(text: str) -> set[str]:
        used = re.findall(r'icon\("([^"]+)"|icon="([a-z0-9-]+)"|timeline_item\("([^"]+)"', text)
        return {next(filter(None, names)) for names in used} - ICONS

    assert broken(PAGES, missing) == {}


def test_the_files_they_name_exist():
    def missing(text: str) -> list[str]:
        named = re.findall(r"url_for\('static', filename='([^']+)'\)", text)
        return [file for file in named if not (ROOT / "static" / file).exists()]

    assert broken(PAGES, missing) == {}


def test_the_icons_python_names_are_in_the_sprite():
    for path in (ROOT / "crm").rglob("*.py"):
        named = re.findall(r"""\bicon(?:: [\w\[\]]+)?\s*=\s*"([a-z0-9-]+)\"""", path.read_text())
        assert set(named) <= ICONS, path


def test_no_template_has_habits_of_an_older_htmx():
    check = ROOT / "static/vendor/htmx/upgrade-check.py"
    run = subprocess.run(
        [sys.executable, check, ROOT / "templates", ROOT / "static/js"], capture_output=True, text=True
    )
    assert "Found 0 issue(s)" in run.stderr, run.stderr


def test_what_public_pages_load_stays_light():
    """They promise under 50 kB with their words and a school's logo."""
    assert (ROOT / "static/core.css").stat().st_size < 24_000
    assert "app.css" not in (ROOT / "templates/public.html").read_text()


STYLES = "".join((ROOT / f"static/{file}.css").read_text() for file in ("core", "app"))
SCRIPTS = "".join(path.read_text() for path in (ROOT / "static/js").glob("*.js"))
DRAWN = set(re.findall(r"\.([a-z][\w-]*)", STYLES)) | set(re.findall(r"\.([a-z][\w-]*)", SCRIPTS))


def test_their_classes_are_drawn():
    """A class nobody draws is a slip of the pen, or a part of another library we do not use."""

    def undrawn(text: str) -> set[str]:
        named = re.findall(r'\bclass="([^"{]*)"', text) + re.findall(r'\bkind="([a-z -]*)"', text)
        return set(" ".join(named).split()) - DRAWN

    assert broken(PAGES, undrawn) == {}


def test_no_rule_is_drawn_twice():
    """Two pages that style the same name undo each other: the later rule wins on both."""
    outside = re.sub(
        r"@(media|container|keyframes)[^{]*\{([^{}]*\{[^{}]*\})*[^{}]*\}",
        "",
        re.sub(r"/\*.*?\*/", "", STYLES, flags=re.DOTALL),
    )
    drawn = Counter(selector.strip() for selector in re.findall(r"([^{}]+)\{", outside))
    assert [selector for selector, times in drawn.items() if times > 1] == []
